//! What is measured of a stretched signal, each as simply as it can be said.

use crowd_engine_benches::RATE;
use realfft::num_complex::Complex32;
use realfft::{FftError, RealFftPlanner};
use serde::Serialize;

use crate::ours::Due;
use crate::signals::Signal;

/// Frames of a spectrum: 3 s.
const SPECTRUM: usize = 1 << 17;
/// What lies this near to a partial belongs to it, Hz.
const NEAR: f64 = 20.0;
/// A hit is lost when less than this part of the source's own is left of it.
const LOST: f32 = 0.2;

/// How hits came through.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Hits {
    /// Hits that stand out, of how many.
    pub found: usize,
    pub of: usize,
    /// The median delay against where they belong, milliseconds.
    pub lag_ms: f64,
    /// Their distance from the straight line through all of them, root mean square and greatest, milliseconds.
    pub jitter_ms: f64,
    pub worst_ms: f64,
    /// The steepest rise of the envelope within a millisecond, as a part of the source's; the mean.
    pub attack: f64,
}

/// How steady tones came through.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Tones {
    /// Energy farther than 20 Hz from every partial against the energy nearer, dB.
    pub dirt_db: f64,
    /// Distance of the centre of each partial's energy from where it belongs, in cents; the greatest.
    pub cents: f64,
    /// Level lost in mono, against what the source loses, dB.
    pub mono_db: f64,
}

/// Finds the hits of `source` in `out`, which is `speed` times as fast.
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

/// How late each hit of `source` is in `out`, where they belong to the frames that are `due`; milliseconds. One that is lost is as late
/// as can be.
pub fn late(source: &Signal, out: &[[f32; 2]], due: &[Due]) -> Vec<f64> {
    let around = RATE as usize / 20;
    let (was, is) = (envelope(&source.frames), envelope(out));
    let late = |hit: usize, due: f64| {
        let own = find(&was, hit, around)?;
        let found = find(&is, due as usize, around).filter(|found| found.peak > LOST * own.peak)?;
        Some((found.begins as f64 - due) - (own.begins as f64 - hit as f64))
    };
    let late = source.hits.iter().zip(due).map(|(hit, due)| late(*hit, due.frame).unwrap_or(f64::INFINITY));
    late.map(|frames| frames * 1_000.0 / f64::from(RATE)).collect()
}

/// What is left of each `y` when the straight line that fits best is taken away.
fn around_a_line(points: &[(f64, f64)]) -> Vec<f64> {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let slope = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>()
        / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>();
    points.iter().map(|p| p.1 - y - slope * (p.0 - x)).collect()
}

/// The loudness of what is sharp: the second difference of the sound, as a mean amplitude over a millisecond.
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
        // The mean belongs to its middle.
        envelope[(n + 1).saturating_sub(length / 2)] = (sum / length as f64) as f32;
    }
    envelope
}

struct Found {
    begins: usize,
    peak: f32,
    rise: f32,
}

/// The hit within `around` frames of `wanted`.
fn find(envelope: &[f32], wanted: usize, around: usize) -> Option<Found> {
    let from = wanted.saturating_sub(around);
    let near = envelope.get(from..wanted + around)?;
    let (top, &peak) = near.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    let begins = near[..top].iter().rposition(|x| *x < 0.4 * peak)?;
    let length = RATE as usize / 1_000;
    let rise = near.iter().zip(near.get(length..)?).map(|(before, after)| after - before).fold(0.0, f32::max);
    Some(Found { begins: from + begins, peak, rise })
}

/// Looks at the partials of `source` in `out`, where they are `pitch` times as high.
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
    let energy = |wanted: bool| -> f64 {
        power.iter().zip(&inside).filter(|(_, inside)| **inside == wanted).map(|(power, _)| power).sum()
    };
    let mono_db = mono(&source.frames) - mono(out);
    Ok(Tones { dirt_db: 10.0 * (energy(false) / energy(true)).log10(), cents, mono_db })
}

/// The level of the mono sum against that of both channels, dB.
fn mono(frames: &[[f32; 2]]) -> f64 {
    let energy = |of: fn(&[f32; 2]) -> f32| frames.iter().map(|frame| f64::from(of(frame))).sum::<f64>();
    let (both, mono) = (energy(|[l, r]| (l * l + r * r) / 2.0), energy(|[l, r]| ((l + r) / 2.0).powi(2)));
    10.0 * (mono / both).log10()
}

/// The power of both channels bin by bin, the mean of Hann-windowed pieces that leave out the first and last second.
fn spectrum(frames: &[[f32; 2]]) -> Result<Vec<f64>, FftError> {
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(SPECTRUM);
    let mut power = vec![0.0; SPECTRUM / 2 + 1];
    let mut bins = vec![Complex32::default(); power.len()];
    let steady = &frames[RATE as usize..frames.len() - RATE as usize];
    for from in (0..=steady.len() - SPECTRUM).step_by(SPECTRUM / 2) {
        for side in 0..2 {
            let mut piece: Vec<f32> = steady[from..from + SPECTRUM]
                .iter()
                .enumerate()
                .map(|(n, frame)| {
                    let x = (n as f64 + 0.5) / SPECTRUM as f64;
                    frame[side] * (0.5 - 0.5 * (2.0 * std::f64::consts::PI * x).cos()) as f32
                })
                .collect();
            fft.process(&mut piece, &mut bins)?;
            power.iter_mut().zip(&bins).for_each(|(power, bin)| *power += f64::from(bin.norm_sqr()));
        }
    }
    Ok(power)
}
