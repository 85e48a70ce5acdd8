//! What a track measures like: once, before anything is made of it, and frozen.

mod balance;
pub(crate) mod gating;
mod probes;
pub(crate) mod steps;
mod text;
mod whole;

use std::str::FromStr;
use std::{fmt, ops::Range};

use crowd_engine::Frames;
use serde::{Deserialize, Serialize};

use crate::named::named;

pub(crate) use balance::{Balance, Sums};
pub use probes::Probes;
pub(crate) use steps::Steps;
pub use whole::{full, settle_full};

/// Grows whenever the same file would measure otherwise.
pub const VERSION: u32 = 3;

/// How thoroughly a track is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// By probes of a second each, up to 120 of them, in a fraction of a second: loudness within 0.5 LU.
    #[default]
    Quick,
    /// By all of it.
    Full,
}

impl Kind {
    /// Its name, as in a URL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "full",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        named("analysis", text, [Self::Quick, Self::Full], Self::name)
    }
}

/// What a track measures like. What silence does not have is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// How it was measured.
    pub kind: Kind,
    /// Frames of the track.
    pub frames: u64,
    /// Frames per second.
    pub sample_rate: u32,
    /// Integrated loudness, LUFS (ITU-R BS.1770-4).
    pub integrated_lufs: Option<f64>,
    /// Loudness range, LU (EBU Tech 3342); by probes an estimate.
    pub range_lu: f64,
    /// The largest true peak, dBTP (BS.1770-4, annex 2); only from a full measurement.
    pub true_peak_dbtp: Option<f64>,
    /// The largest sample, dBFS; by probes the largest in these.
    pub sample_peak_dbfs: Option<f64>,
    /// Mean power under 200 Hz, to 800 Hz, to 3 kHz, to 8 kHz and above, in decibels of the power of all; none in a band
    /// without any.
    pub bands_db: [Option<f64>; 5],
    /// How far peaks stand out of the loudness around them (400 ms), dB.
    pub crest_db: Option<f64>,
    /// Correlation of left and right, -1 to 1.
    pub correlation: Option<f64>,
    /// Power of what differs between left and right over the power of what they share, dB; none of mono.
    pub width_db: Option<f64>,
    /// By how many decibels all of it is lowered because the stereo mix of its channels would clip, negative; none of mono and
    /// stereo.
    pub downmix_gain_db: Option<f32>,
    /// What is wrong with the file as far as it was read, in words: frames that are missing, or damaged and silent.
    pub warnings: Vec<String>,
}

/// Why a track was not measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody wants it any more.
    #[error("the measurement was stopped")]
    Stopped,
    /// The file cannot be read, or a setting is not possible.
    #[error(transparent)]
    Engine(#[from] crowd_engine::Error),
}

fn unreadable(frame: u64, cause: crowd_engine::feed::Fault) -> Error {
    Error::Engine(crowd_engine::Error::Unreadable { frame: Frames(frame), cause: cause.to_string() })
}

/// As the engine hears them.
fn silence_what_is_no_number(block: &mut [[f32; 2]]) {
    for frame in block.iter_mut().filter(|frame| !frame.iter().all(|v| v.is_finite())) {
        *frame = [0.0; 2];
    }
}

/// Everything but what only a full measurement knows.
fn describe(kind: Kind, frames: u64, sample_rate: u32, runs: &[&Steps], sums: &Sums) -> Analysis {
    let windows: Vec<f32> = runs.iter().flat_map(|steps| Steps::windows(&steps.power, 4)).collect();
    // A run shorter than 3 s counts as one window.
    let long = |steps: &&Steps| Steps::windows(&steps.power, (steps.power.len() * 10 / 500).clamp(1, 30));
    let range_lu = gating::range(&runs.iter().flat_map(long).collect::<Vec<_>>());
    let peak = runs.iter().flat_map(|steps| &steps.peak).fold(0.0f32, |most, v| most.max(*v));
    let all: f64 = sums.bands.iter().sum();
    let decibels = |power: f64| (power > 0.0).then(|| 10.0 * power.log10());
    let (mid, side) = (sums.left + sums.right + 2.0 * sums.both, sums.left + sums.right - 2.0 * sums.both);
    let level = (sums.left * sums.right).sqrt();
    Analysis {
        kind,
        frames,
        sample_rate,
        integrated_lufs: gating::integrated(&windows),
        range_lu,
        true_peak_dbtp: None,
        sample_peak_dbfs: decibels(f64::from(peak).powi(2)),
        bands_db: sums.bands.map(|band| decibels(band / all)),
        crest_db: crest(runs, gating::loudness_gate(&windows)),
        correlation: (level > 0.0).then(|| sums.both / level),
        width_db: (side > 1e-9 * mid && mid > 0.0).then(|| 10.0 * (side / mid).log10()),
        downmix_gain_db: None,
        warnings: Vec::new(),
    }
}

/// Peak over loudness, in the mean of all windows of 400 ms that count.
fn crest(runs: &[&Steps], gate: Option<f64>) -> Option<f64> {
    const WINDOW: usize = 200;
    let gate = gate?;
    let (mut sum, mut count) = (0.0, 0u32);
    for steps in runs {
        for (power, peak) in steps.power.chunks_exact(WINDOW).zip(steps.peak.chunks_exact(WINDOW)) {
            let power = power.iter().map(|v| f64::from(*v)).sum::<f64>() / WINDOW as f64;
            if power > gate {
                let peak = peak.iter().fold(0.0f32, |most, v| most.max(*v));
                sum += 20.0 * f64::from(peak).log10() - gating::lufs(power);
                count += 1;
            }
        }
    }
    (count > 0).then(|| sum / f64::from(count))
}

/// Two shares of work, as even as their lengths allow.
fn halves<T>(runs: &[T]) -> [Range<usize>; 2] {
    let middle = runs.len().div_ceil(2);
    [0..middle, middle..runs.len()]
}
