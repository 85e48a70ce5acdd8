//! The analysis of a track.

use crowd_engine::dsp::loudness::lufs;
use crowd_engine::feed::InputInfo;

use super::balance::BalanceSums;
use crate::loudness::{LoudnessSteps, STEPS_PER_SECOND, gate, integrated, range};

/// The analysis of a track. Values that silence does not have are `None`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Analysis {
    /// Frames of the track.
    pub frames: u64,
    /// Frames per second.
    pub sample_rate: u32,
    /// Integrated loudness, LUFS (ITU-R BS.1770-4).
    pub integrated_lufs: Option<f64>,
    /// Loudness range, LU (EBU Tech 3342). In an analysis by probes it is an estimate.
    pub range_lu: f64,
    /// The largest true peak, dBTP (BS.1770-4, annex 2). An analysis by probes has none.
    pub true_peak_dbtp: Option<f64>,
    /// The largest sample, dBFS. In an analysis by probes it is the largest sample of the probes.
    pub sample_peak_dbfs: Option<f64>,
    /// The mean power below 200 Hz, to 800 Hz, to 3 kHz, to 8 kHz and above, in decibels relative to the total power, 0 or less; `None`
    /// for a band without power. The bands are those of the chain's equaliser.
    pub bands_db: [Option<f64>; 5],
    /// The crest factor, dB: the mean, over windows of 400 ms, of the peak of a window relative to its loudness.
    pub crest_db: Option<f64>,
    /// Correlation of left and right, -1 to 1.
    pub correlation: Option<f64>,
    /// The power of the side signal relative to that of the mid signal, dB; `None` for mono.
    pub width_db: Option<f64>,
}

impl Analysis {
    /// The analysis of spans of a track, from their steps and the sums of their powers. It has no true peak.
    pub(super) fn of(info: &InputInfo, spans: &[&LoudnessSteps], sums: &BalanceSums) -> Self {
        let windows: Vec<f32> = spans.iter().flat_map(|steps| LoudnessSteps::windows(&steps.power, 4)).collect();
        // A span shorter than 3 s counts as one window.
        let tenths = |steps: &LoudnessSteps| (steps.power.len() * 10 / STEPS_PER_SECOND as usize).clamp(1, 30);
        let long = |steps: &&LoudnessSteps| LoudnessSteps::windows(&steps.power, tenths(steps));
        let range_lu = range(&spans.iter().flat_map(long).collect::<Vec<_>>());
        let peak = spans.iter().flat_map(|steps| &steps.peak).fold(0.0f32, |most, v| most.max(*v));
        let all: f64 = sums.bands.iter().sum();
        let decibels = |power: f64| (power > 0.0).then(|| 10.0 * power.log10());
        let (mid, side) = (sums.left + sums.right + 2.0 * sums.both, sums.left + sums.right - 2.0 * sums.both);
        let level = (sums.left * sums.right).sqrt();
        Self {
            frames: info.frames.0,
            sample_rate: info.sample_rate.get(),
            integrated_lufs: integrated(&windows),
            range_lu,
            true_peak_dbtp: None,
            sample_peak_dbfs: decibels(f64::from(peak).powi(2)),
            bands_db: sums.bands.map(|band| decibels(band / all)),
            crest_db: crest(spans, gate(&windows)),
            correlation: (level > 0.0).then(|| sums.both / level),
            width_db: (side > 1e-9 * mid && mid > 0.0).then(|| 10.0 * (side / mid).log10()),
        }
    }
}

/// The crest factor: the mean, over all windows of 400 ms above the gate, of the peak relative to the loudness.
fn crest(spans: &[&LoudnessSteps], gate: Option<f64>) -> Option<f64> {
    const WINDOW: usize = 4 * STEPS_PER_SECOND as usize / 10;
    let gate = gate?;
    let (mut sum, mut count) = (0.0, 0u32);
    for steps in spans {
        for (power, peak) in steps.power.chunks_exact(WINDOW).zip(steps.peak.chunks_exact(WINDOW)) {
            let power = power.iter().map(|v| f64::from(*v)).sum::<f64>() / WINDOW as f64;
            if power > gate {
                let peak = peak.iter().fold(0.0f32, |most, v| most.max(*v));
                sum += 20.0 * f64::from(peak).log10() - lufs(power);
                count += 1;
            }
        }
    }
    (count > 0).then(|| sum / f64::from(count))
}
