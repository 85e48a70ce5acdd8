//! Measuring the clicks and tones of excerpts.

use std::error::Error;
use std::path::{Path, PathBuf};

use crowd_engine_benches::RATE;
use crowd_media::{DecodeOptions, open};
use realfft::RealFftPlanner;

use crate::clicks::{TONES, Track};
use crate::{Excerpt, TARGET};

/// Frames of a spectrum: 24 s.
const SPECTRUM: usize = 1 << 20;
/// The distance from a tone up to which energy belongs to the tone, in Hz.
const NEAR: f64 = 2.0;
/// The distance from a tone up to which energy is noise, in Hz.
const FAR: f64 = 60.0;
/// The distance from an end of the excerpt within which a click may be cut off, in seconds.
const MARGIN: f64 = 0.02;
/// The smallest distance between two clicks, in seconds.
const APART: f64 = 0.012;

/// The worst values of several excerpts. Times are in milliseconds.
#[derive(Default)]
pub struct Quality {
    length: f64,
    start: f64,
    drift: f64,
    jitter: f64,
    lost: usize,
    doubled: usize,
    noise_db: Option<f64>,
    cents: f64,
    /// The distance of a click from its expected time where the tempo changes.
    changing: f64,
}

impl Quality {
    pub const HEAD: [&str; 8] =
        ["length", "start", "drift a minute", "jitter", "lost, doubled", "tone", "cents", "tempo change"];

    pub fn cells(&self) -> [String; 8] {
        let ms = |ms: f64| format!("{ms:.2} ms");
        [
            ms(self.length),
            ms(self.start),
            ms(self.drift),
            ms(self.jitter),
            format!("{}, {}", self.lost, self.doubled),
            self.noise_db.map_or("-".to_owned(), |noise| format!("{noise:.0} dB")),
            format!("{:.2}", self.cents),
            ms(self.changing),
        ]
    }

    fn tone(&mut self, noise_db: f64, cents: f64) {
        self.noise_db = Some(self.noise_db.map_or(noise_db, |worst| worst.max(noise_db)));
        self.cents = self.cents.max(cents.abs());
    }
}

/// The tones of the tracks themselves, for comparison.
pub fn source(tracks: &[Track], excerpts: &[Excerpt]) -> Result<Quality, Box<dyn Error>> {
    let mut quality = Quality::default();
    for excerpt in excerpts {
        if track(tracks, &excerpt.audio)?.is_steady() {
            tones(&sound(&excerpt.audio)?, 1.0, &mut quality)?;
        }
    }
    Ok(quality)
}

/// Measures `files` and compares them with the requested `excerpts`. `made_by` is the program or the stretch method.
pub fn excerpts(
    tracks: &[Track],
    excerpts: &[Excerpt],
    files: &[PathBuf],
    made_by: &str,
) -> Result<Quality, Box<dyn Error>> {
    if files.len() != tracks.len() {
        return Err(format!("{made_by}: {} excerpts of {} were made", files.len(), tracks.len()).into());
    }
    let mut quality = Quality::default();
    for (excerpt, file) in excerpts.iter().zip(files) {
        let (track, sound) = (track(tracks, &excerpt.audio)?, sound(file)?);
        let beats = track.beats();
        let begin = beat_at(&beats, excerpt.ini_cue);
        let length = (beat_at(&beats, excerpt.end_cue) - begin) * 60.0 / TARGET;
        let due = (0..beats.len()).map(|beat| (beat as f64 - begin) * 60.0 / TARGET);
        let due: Vec<f64> = due.filter(|due| (MARGIN..length - MARGIN).contains(due)).collect();
        let (late, lost, doubled) = clicks(&sound, &due);
        if track.is_steady() {
            let is = sound[0].len() as f64 / f64::from(RATE);
            quality.length = quality.length.max((is - length).abs() * 1e3);
            let (slope, worst) = line(&late);
            quality.start = quality.start.max(start(&late).abs() * 1e3);
            quality.drift = quality.drift.max(slope.abs() * 60e3);
            quality.jitter = quality.jitter.max(worst * 1e3);
            quality.lost += lost;
            quality.doubled += doubled;
            let pitch = if made_by == "playback_rate" { excerpt.speed() } else { 1.0 };
            tones(&sound, pitch, &mut quality)?;
        } else {
            let worst = late.iter().fold(0.0, |worst: f64, (_, late)| worst.max(late.abs()));
            quality.changing = worst * 1e3;
        }
    }
    Ok(quality)
}

fn track<'t>(tracks: &'t [Track], audio: &Path) -> Result<&'t Track, String> {
    let found = tracks.iter().find(|track| audio.file_stem().is_some_and(|stem| stem == track.name));
    found.ok_or_else(|| format!("{} is not one of the synthetic tracks", audio.display()))
}

/// The left and the right channel.
fn sound(file: &Path) -> Result<[Vec<f32>; 2], Box<dyn Error>> {
    let audio = open(file, &DecodeOptions::default())?.to_stereo();
    if audio.sample_rate != RATE {
        return Err(format!("{}: {} Hz instead of {RATE}", file.display(), audio.sample_rate).into());
    }
    let samples = audio.to_f32();
    Ok([0, 1].map(|side| samples.iter().skip(side).step_by(2).copied().collect()))
}

/// The beat, with its fraction, at a time in seconds.
fn beat_at(beats: &[f64], seconds: f64) -> f64 {
    let next = beats.partition_point(|beat| *beat <= seconds).clamp(1, beats.len() - 1);
    (next - 1) as f64 + (seconds - beats[next - 1]) / (beats[next] - beats[next - 1])
}

/// The time and the delay of each expected click, in seconds, then the number of clicks that are lost, and of those that
/// occur twice.
fn clicks([left, right]: &[Vec<f32>; 2], due: &[f64]) -> (Vec<(f64, f64)>, usize, usize) {
    let rate = f64::from(RATE);
    // The second difference keeps the clicks, which have a high frequency, and removes most of the tones.
    let mono: Vec<f32> = left.iter().zip(right).map(|(left, right)| left + right).collect();
    let energy: Vec<f64> = mono.windows(3).map(|w| f64::from(w[0] - 2.0 * w[1] + w[2]).powi(2)).collect();
    let mut peaks = peaks(&energy);
    let (mut came, mut lost, mut off) = (Vec::new(), 0, 0.0);
    for due in due {
        let nearest = |(_, at): &(usize, &f64)| (*at - due - off).abs();
        let found = peaks.iter().enumerate().min_by(|a, b| nearest(a).total_cmp(&nearest(b)));
        match found.map(|(nth, at)| (nth, *at)).filter(|(_, at)| (at - due - off).abs() < 0.1) {
            Some((nth, at)) => {
                peaks.remove(nth);
                came.push((*due, at - due));
                // The next click is expected with the delay that has accumulated up to here.
                off = 0.7 * off + 0.3 * (at - due);
            }
            None => lost += 1,
        }
    }
    let end = energy.len() as f64 / rate;
    let doubled = peaks.iter().filter(|at| (MARGIN..end - MARGIN).contains(*at)).count();
    (came, lost, doubled)
}

/// The times of clicks in seconds: the centres of their energy.
fn peaks(energy: &[f64]) -> Vec<f64> {
    let rate = f64::from(RATE);
    let (apart, half) = ((APART * rate) as usize, (2e-3 * rate) as usize);
    let loudest = energy.chunks(RATE as usize).map(|second| second.iter().copied().fold(0.0, f64::max));
    let mut loudest: Vec<f64> = loudest.collect();
    loudest.sort_by(f64::total_cmp);
    // The threshold of energy for a fifth of the amplitude of a usual click.
    let threshold = 0.04 * loudest[loudest.len() / 2];
    let (mut peaks, mut from) = (Vec::new(), 0);
    while let Some(first) = energy[from..].iter().position(|energy| *energy > threshold) {
        let first = from + first;
        let near = first..(first + apart).min(energy.len());
        let top = near.max_by(|a, b| energy[*a].total_cmp(&energy[*b])).unwrap_or(first);
        let around = top.saturating_sub(half)..(top + half + 1).min(energy.len());
        let sum: f64 = energy[around.clone()].iter().sum();
        let moment: f64 = around.map(|nth| energy[nth] * nth as f64).sum();
        // The time of a second difference is that of the middle one of its three frames.
        peaks.push((moment / sum + 1.0) / rate);
        from = (top + apart).min(energy.len());
    }
    peaks
}

/// The median delay of the first eight clicks.
fn start(late: &[(f64, f64)]) -> f64 {
    let mut first: Vec<f64> = late.iter().take(8).map(|(_, late)| *late).collect();
    first.sort_by(f64::total_cmp);
    first.get(first.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The slope of the best straight line, and the largest distance from it.
fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let slope = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>()
        / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>();
    let off = points.iter().map(|p| (p.1 - y - slope * (p.0 - x)).abs());
    (slope, off.fold(0.0, f64::max))
}

/// Measures the tones, which should be `pitch` times as high as in the track.
fn tones(sound: &[Vec<f32>; 2], pitch: f64, quality: &mut Quality) -> Result<(), Box<dyn Error>> {
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(SPECTRUM);
    let hertz_per_bin = f64::from(RATE) / SPECTRUM as f64;
    for (side, tone) in sound.iter().zip(TONES.map(|tone| tone * pitch)) {
        let from = side.len().saturating_sub(SPECTRUM) / 2;
        let samples = side.get(from..from + SPECTRUM).ok_or("an excerpt is too short to measure its tones")?;
        let window = |nth: usize| 0.5 - 0.5 * (2.0 * std::f64::consts::PI * (nth as f64 + 0.5) / SPECTRUM as f64).cos();
        let mut samples: Vec<f32> = samples.iter().zip(0..).map(|(x, nth)| x * window(nth) as f32).collect();
        let mut bins = fft.make_output_vec();
        fft.process(&mut samples, &mut bins)?;
        let (mut near, mut far, mut moment) = (0.0, 0.0, 0.0);
        let [low, high] = [tone - FAR, tone + FAR].map(|hertz| (hertz / hertz_per_bin) as usize);
        for (bin, value) in bins.iter().enumerate().take(high).skip(low) {
            let (hertz, power) = (bin as f64 * hertz_per_bin, f64::from(value.norm_sqr()));
            if (hertz - tone).abs() < NEAR {
                near += power;
                moment += power * hertz;
            } else {
                far += power;
            }
        }
        quality.tone(10.0 * (far / near).log10(), 1_200.0 * (moment / near / tone).log2());
    }
    Ok(())
}
