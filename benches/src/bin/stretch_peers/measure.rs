//! The measurements of a stretched signal.

use crowd_engine_benches::RATE;
use realfft::num_complex::Complex32;
use realfft::{FftError, RealFftPlanner};
use serde::Serialize;

use crate::ours::ExpectedHit;
use crate::signals::Signal;

/// Frames of a spectrum: 3 s.
const SPECTRUM: usize = 1 << 17;
/// Energy up to this distance from a partial belongs to it, in Hz.
const NEAR: f64 = 20.0;
/// A hit is lost when its peak is lower than this fraction of the peak in the source.
const LOST: f32 = 0.2;

/// The quality of the hits.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Hits {
    /// The number of detected hits.
    pub found: usize,
    /// The number of all hits.
    pub of: usize,
    /// The median of their delays, in milliseconds.
    pub lag_ms: f64,
    /// The root mean square of their distances from the best straight line through all of them, in milliseconds.
    pub jitter_ms: f64,
    /// The largest of these distances, in milliseconds.
    pub worst_ms: f64,
    /// The mean of the steepest rises of the envelope within a millisecond, each as a fraction of that in the source.
    pub attack: f64,
}

/// The quality of steady tones.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Tones {
    /// The energy more than 20 Hz from every partial, relative to the energy nearer to them, in dB.
    pub dirt_db: f64,
    /// The largest distance of the centre of a partial's energy from its expected frequency, in cents.
    pub cents: f64,
    /// The level that is lost in mono, relative to the loss in the source, in dB.
    pub mono_db: f64,
}

/// Measures the hits of `source` in `out`, which is `speed` times as fast.
pub fn hits(source: &Signal, out: &[[f32; 2]], speed: f64) -> Hits {
    let gap = source.hits.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(RATE as usize);
    let around = (gap as f64 / speed.max(1.0) * 0.4) as usize;
    let (was, is) = (envelope(&source.frames), envelope(out));
    let mut late = Vec::new();
    let mut attacks = Vec::new();
    for hit in &source.hits {
        let wanted = (*hit as f64 / speed) as usize;
        let (Some(own), Some(found)) = (find(&was, *hit, around), find(&is, wanted, around)) else { continue };
        if found.peak > LOST * own.peak {
            late.push((own.begins as f64 / speed, found.begins as f64 - own.begins as f64 / speed));
            attacks.push(f64::from(found.rise / own.rise));
        }
    }
    let ms = 1_000.0 / f64::from(RATE);
    let off = around_a_line(&late);
    let mut lags: Vec<f64> = late.iter().map(|(_, late)| *late).collect();
    lags.sort_by(f64::total_cmp);
    Hits {
        found: late.len(),
        of: source.hits.len(),
        lag_ms: lags.get(lags.len() / 2).copied().unwrap_or(f64::NAN) * ms,
        jitter_ms: (off.iter().map(|x| x * x).sum::<f64>() / off.len() as f64).sqrt() * ms,
        worst_ms: off.iter().fold(0.0, |worst: f64, x| worst.max(x.abs())) * ms,
        attack: attacks.iter().sum::<f64>() / attacks.len() as f64,
    }
}

/// The delay of each hit of `source` in `out` in milliseconds, relative to its time in `expected`. It is infinite for a lost hit.
pub fn late(source: &Signal, out: &[[f32; 2]], expected: &[ExpectedHit]) -> Vec<f64> {
    let around = RATE as usize / 20;
    let (was, is) = (envelope(&source.frames), envelope(out));
    let late = |hit: usize, due: f64| {
        let own = find(&was, hit, around)?;
        let found = find(&is, due as usize, around).filter(|found| found.peak > LOST * own.peak)?;
        Some((found.begins as f64 - due) - (own.begins as f64 - hit as f64))
    };
    let late =
        source.hits.iter().zip(expected).map(|(hit, expected)| late(*hit, expected.frame).unwrap_or(f64::INFINITY));
    late.map(|frames| frames * 1_000.0 / f64::from(RATE)).collect()
}

/// The distances of each `y` from the best straight line.
fn around_a_line(points: &[(f64, f64)]) -> Vec<f64> {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let slope = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>()
        / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>();
    points.iter().map(|p| p.1 - y - slope * (p.0 - x)).collect()
}

/// The envelope of the high frequencies: the mean amplitude of the second difference of the sound over a millisecond.
fn envelope(frames: &[[f32; 2]]) -> Vec<f32> {
    let sharp: Vec<f32> = frames
        .windows(3)
        .map(|w| (0..2).map(|side| (w[0][side] - 2.0 * w[1][side] + w[2][side]).abs()).sum())
        .collect();
    let mut sum = 0.0f64;
    let length = RATE as usize / 1_000;
    let mut envelope = vec![0.0; frames.len()];
    for n in 0..sharp.len() {
        sum += f64::from(sharp[n]) - if n < length { 0.0 } else { f64::from(sharp[n - length]) };
        // The time of the mean is the middle of its millisecond.
        envelope[(n + 1).saturating_sub(length / 2)] = (sum / length as f64) as f32;
    }
    envelope
}

/// A hit in an envelope.
struct DetectedHit {
    begins: usize,
    peak: f32,
    rise: f32,
}

/// The hit within `around` frames of `expected`.
fn find(envelope: &[f32], expected: usize, around: usize) -> Option<DetectedHit> {
    let from = expected.saturating_sub(around);
    let near = envelope.get(from..expected + around)?;
    let (top, &peak) = near.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    let begins = near[..top].iter().rposition(|x| *x < 0.4 * peak)?;
    let length = RATE as usize / 1_000;
    let rise = near.iter().zip(near.get(length..)?).map(|(before, after)| after - before).fold(0.0, f32::max);
    Some(DetectedHit { begins: from + begins, peak, rise })
}

/// Measures the partials of `source` in `out`, in which they are `pitch` times as high.
pub fn tones(source: &Signal, out: &[[f32; 2]], pitch: f64) -> Result<Tones, FftError> {
    let power = spectrum(out)?;
    let hertz_per_bin = f64::from(RATE) / SPECTRUM as f64;
    let bins = |hertz: f64| {
        let bin = |hertz: f64| ((hertz / hertz_per_bin).round() as usize).min(power.len());
        bin(hertz - NEAR)..bin(hertz + NEAR)
    };
    let mut inside = vec![false; power.len()];
    let mut cents = 0.0f64;
    for partial in source.partials.iter().map(|partial| partial * pitch) {
        inside[bins(partial)].fill(true);
        let (mut sum, mut moment) = (0.0, 0.0);
        for bin in bins(partial) {
            sum += power[bin];
            moment += power[bin] * bin as f64;
        }
        cents = cents.max((1_200.0 * (moment / sum * hertz_per_bin / partial).log2()).abs());
    }
    let energy = |near: bool| -> f64 {
        power.iter().zip(&inside).filter(|(_, inside)| **inside == near).map(|(power, _)| power).sum()
    };
    let mono_db = mono(&source.frames) - mono(out);
    Ok(Tones { dirt_db: 10.0 * (energy(false) / energy(true)).log10(), cents, mono_db })
}

/// The level of the mono sum relative to that of both channels, in dB.
fn mono(frames: &[[f32; 2]]) -> f64 {
    let energy = |of: fn(&[f32; 2]) -> f32| frames.iter().map(|frame| f64::from(of(frame))).sum::<f64>();
    let (both, mono) = (energy(|[l, r]| (l * l + r * r) / 2.0), energy(|[l, r]| ((l + r) / 2.0).powi(2)));
    10.0 * (mono / both).log10()
}

/// The power spectrum of both channels: the mean of Hann windows, without the first and the last second.
fn spectrum(frames: &[[f32; 2]]) -> Result<Vec<f64>, FftError> {
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(SPECTRUM);
    let mut power = vec![0.0; SPECTRUM / 2 + 1];
    let mut bins = vec![Complex32::default(); power.len()];
    let steady = &frames[RATE as usize..frames.len() - RATE as usize];
    for from in (0..=steady.len() - SPECTRUM).step_by(SPECTRUM / 2) {
        for side in 0..2 {
            let mut window: Vec<f32> = steady[from..from + SPECTRUM]
                .iter()
                .enumerate()
                .map(|(n, frame)| {
                    let x = (n as f64 + 0.5) / SPECTRUM as f64;
                    frame[side] * (0.5 - 0.5 * (2.0 * std::f64::consts::PI * x).cos()) as f32
                })
                .collect();
            fft.process(&mut window, &mut bins)?;
            power.iter_mut().zip(&bins).for_each(|(power, bin)| *power += f64::from(bin.norm_sqr()));
        }
    }
    Ok(power)
}
