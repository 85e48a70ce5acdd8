//! A track measured by probes.

use std::iter::once;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crowd_engine::SampleRate;
use crowd_engine::feed::Input;
use crowd_library::Music;
use crowd_mastering::{Mastering, MasteringSettings};

use super::steps::Stepper;
use super::{
    Analysis, Balance, Error, Kind, Steps, Sums, describe, gating, halves, silence_what_is_no_number, unreadable,
};
use crate::master::{self, Settled};
use crate::preset::Treatment;

/// Probes of a track, and their length in seconds.
const PROBES: u64 = 120;
const SECONDS: f64 = 1.0;
/// Probes a chain is run on, at most.
const KEPT: u64 = 60;
/// Neighbours of which the same share is kept.
const GROUP: usize = 12;
/// A track not longer than this is taken as a whole.
const WHOLE_SECONDS: f64 = 75.0;
/// Shorter than this, a whole is not cut in two.
const HALF_SECONDS: f64 = 8.0;
/// What a chain hears before a probe, so that it is in motion: the beginning of the probe itself.
const WARM_SECONDS: f64 = 0.3;
/// Samples are kept in whole numbers, with 6 dB of room for what a codec made of full scale.
const SCALE: f32 = 16_384.0;

/// One place of a track.
struct Probe {
    first: u64,
    /// Its frames, where a chain is to be run on it.
    frames: Vec<[i16; 2]>,
    steps: Steps,
}

/// Probes of a track, from which it is analysed, and any treatment of it settled. They take 11 MB at 44.1 kHz.
///
/// All of them tell what the track measures like; those that stand for the others tell what a chain makes of it.
pub struct Probes {
    rate: SampleRate,
    /// Those that stand for all.
    probes: Vec<Probe>,
    /// Integrated loudness of these, LUFS.
    kept_lufs: Option<f64>,
    analysis: Analysis,
}

impl Probes {
    /// Reads the probes of a file on two threads.
    ///
    /// # Errors
    /// [`Error::Engine`] when the file cannot be read, [`Error::Stopped`] within some milliseconds of `stop` becoming true.
    pub fn read(music: &Music, stop: &AtomicBool) -> Result<Self, Error> {
        let (mut input, shape) = music.input()?;
        let rate = shape.sample_rate;
        let spans = spans(shape.frames.0, rate, input.segment());
        let stride = spans.len().div_ceil(KEPT as usize);
        let [first, second] = halves(&spans).map(|half| spans.get(half).unwrap_or_default());
        let (first, second) = thread::scope(|scope| {
            let other = input.another().filter(|_| !second.is_empty());
            let other = other.map(|mut other| scope.spawn(move || read(&mut *other, second, stride, rate, stop)));
            let first = read(&mut input, first, stride, rate, stop);
            match other {
                Some(other) => (first, other.join().unwrap_or_else(|panic| resume_unwind(panic))),
                None => (first, read(&mut input, second, stride, rate, stop)),
            }
        });
        let ((mut probes, sums), (more, more_sums)) = (first?, second?);
        probes.extend(more);
        let steps: Vec<_> = probes.iter().map(|probe| &probe.steps).collect();
        let described = describe(Kind::Quick, shape.frames.0, rate.get(), &steps, &sums.add(&more_sums));
        let analysis = Analysis { warnings: input.warnings(), downmix_gain_db: input.downmix_gain_db(), ..described };
        probes.retain(|probe| !probe.frames.is_empty());
        let windows = |probe: &Probe| Steps::windows(&probe.steps.power, 4);
        let kept_lufs = gating::integrated(&probes.iter().flat_map(windows).collect::<Vec<_>>());
        Ok(Self { rate, probes, kept_lufs, analysis })
    }

    /// What the track measures like, by the probes.
    pub fn analysis(&self) -> &Analysis {
        &self.analysis
    }

    /// Bytes the probes take.
    pub fn bytes(&self) -> usize {
        self.probes.iter().map(|probe| 4 * probe.frames.capacity() + 8 * probe.steps.power.capacity()).sum()
    }

    /// Settles what a treatment does to this track.
    ///
    /// # Errors
    /// [`Error::Stopped`] within some milliseconds of `stop` becoming true.
    pub fn settle(&self, treatment: &Treatment, stop: &AtomicBool) -> Result<Settled, Error> {
        master::settle(&self.analysis, self.kept_lufs, treatment, |settings| self.run(settings, stop))
    }

    /// What of each probe would reach the limiter.
    fn run(&self, settings: &MasteringSettings, stop: &AtomicBool) -> Result<Vec<Steps>, Error> {
        let chain = Mastering::new(settings, self.rate)?;
        let [first, second] = halves(&self.probes).map(|half| self.probes.get(half).unwrap_or_default());
        let run = |probes: &[Probe]| probes.iter().map(|probe| probe.run(&chain, self.rate, stop)).collect();
        let (first, second): (Result<Vec<_>, Error>, Result<Vec<_>, Error>) = thread::scope(|scope| {
            let second = scope.spawn(|| run(second));
            (run(first), second.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        let mut steps = first?;
        steps.extend(second?);
        Ok(steps)
    }
}

impl Probe {
    fn read(input: &mut dyn Input, span: &Range<u64>, rate: SampleRate, stop: &AtomicBool) -> Result<Self, Error> {
        let length = (span.end - span.start) as usize;
        let mut frames = Vec::with_capacity(length);
        let mut stepper = Stepper::new(rate);
        let mut block = Vec::new();
        input.seek(span.start).map_err(|cause| unreadable(span.start, cause))?;
        while frames.len() < length {
            if stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
            block.clear();
            let at = span.start + frames.len() as u64;
            if !input.read(&mut block).map_err(|cause| unreadable(at, cause))? {
                break;
            }
            block.truncate(length - frames.len());
            silence_what_is_no_number(&mut block);
            stepper.push(&block);
            frames.extend(block.iter().map(|frame| frame.map(packed)));
        }
        Ok(Self { first: span.start, frames, steps: stepper.finish() })
    }

    fn run(&self, chain: &Mastering, rate: SampleRate, stop: &AtomicBool) -> Result<Steps, Error> {
        let mut chain = chain.clone();
        let mut stepper = Stepper::new(rate);
        let mut block = Vec::with_capacity(BLOCK);
        // On a time of its own, which begins with a warm-up where there was music before.
        let warm = if self.first == 0 { 0 } else { (WARM_SECONDS * f64::from(rate.get())) as usize };
        let mut at = 0;
        for (piece, warm) in self.frames[..warm.min(self.frames.len())]
            .chunks(BLOCK)
            .map(|piece| (piece, true))
            .chain(self.frames.chunks(BLOCK).map(|piece| (piece, false)))
        {
            if stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
            block.clear();
            block.extend(piece.iter().map(|frame| frame.map(unpacked)));
            chain.process_unlimited(crowd_engine::Frames(at), &mut block);
            if warm {
                stepper.warm(&block);
            } else {
                stepper.push(&block);
            }
            at += piece.len() as u64;
        }
        Ok(stepper.finish())
    }
}

/// A sample as it is kept.
fn packed(sample: f32) -> i16 {
    // Behind so large a number there is no room for fractions: its last bits are the nearest whole number.
    const ROUNDER: f32 = 1.5 * (1 << 23) as f32;
    let most = f32::from(i16::MAX) / SCALE;
    (sample.clamp(-most, most) * SCALE + ROUNDER).to_bits() as i16
}

fn unpacked(sample: i16) -> f32 {
    f32::from(sample) / SCALE
}

/// Frames that are worked on at a time.
const BLOCK: usize = 4_096;

/// Where the probes lie: evenly spread, each somewhere else in its share of the track, so that they do not fall on the same
/// beat of every bar; and where reading is cheap, if that is in its share too.
fn spans(frames: u64, rate: SampleRate, segment: u64) -> Vec<Range<u64>> {
    let in_frames = |seconds: f64| (seconds * f64::from(rate.get())) as u64;
    if frames <= in_frames(HALF_SECONDS) {
        return once(0..frames).collect();
    }
    if frames <= in_frames(WHOLE_SECONDS) {
        return vec![0..frames / 2, frames / 2..frames];
    }
    let length = in_frames(SECONDS);
    let probes = (frames / length).min(PROBES);
    let room = (frames / probes - length) as f64;
    (0..probes)
        .map(|n| {
            let share = ((n + 1) as f64 * 0.618_033_988_749_895).fract();
            let low = frames * n / probes;
            let anywhere = low + (room * share) as u64;
            let cheap = anywhere - anywhere % segment;
            let first = if cheap >= low { cheap } else { anywhere };
            first..first + length
        })
        .collect()
}

type Read = Result<(Vec<Probe>, Sums), Error>;

/// Reads probes, and keeps the frames of one in `stride`.
fn read(input: &mut dyn Input, spans: &[Range<u64>], stride: usize, rate: SampleRate, stop: &AtomicBool) -> Read {
    let mut probes = Vec::with_capacity(spans.len());
    let mut choice = Choice { stride, surplus: 0.0 };
    for group in spans.chunks(GROUP) {
        let from = probes.len();
        for span in group {
            probes.push(Probe::read(input, span, rate, stop)?);
        }
        choice.keep(&mut probes[from..]);
    }
    let mut balance = Balance::new(rate);
    let mut block = Vec::with_capacity(BLOCK);
    for probe in &probes {
        balance.jump();
        for piece in probe.frames.chunks(BLOCK) {
            block.clear();
            block.extend(piece.iter().map(|frame| frame.map(unpacked)));
            balance.push(&block);
        }
    }
    Ok((probes, *balance.sums()))
}

/// Which probes stand for the others: every `stride`th by loudness, so that quiet and loud ones have their share.
struct Choice {
    stride: usize,
    /// Power of all so far, over that of those chosen times the stride.
    surplus: f64,
}

impl Choice {
    /// Lets go of the frames of all but the chosen ones. Where it begins to count in a group is what makes up best for the
    /// groups before: a few loud probes are most of the loudness.
    fn keep(&mut self, group: &mut [Probe]) {
        let stride = self.stride;
        group.sort_by(|a, b| a.steps.total().total_cmp(&b.steps.total()));
        let all: f64 = group.iter().map(|probe| probe.steps.total()).sum();
        let surplus = |from: usize| {
            let chosen = group.iter().skip(from).step_by(stride).map(|probe| probe.steps.total());
            self.surplus + all - stride as f64 * chosen.sum::<f64>()
        };
        let best = (0..stride).min_by(|a, b| surplus(*a).abs().total_cmp(&surplus(*b).abs())).unwrap_or(0);
        self.surplus = surplus(best);
        for (place, probe) in group.iter_mut().enumerate() {
            if place % stride != best {
                probe.frames = Vec::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_kept_to_its_nearest_step_and_no_louder_than_there_is_room_for() {
        for (sample, kept) in
            [(0.0, 0), (0.25, 4_096), (-1.0, -16_384), (3.4 / SCALE, 3), (-3.6 / SCALE, -4), (-9.0, -32_767)]
        {
            assert_eq!(packed(sample), kept, "{sample}");
        }
    }

    #[test]
    fn what_is_kept_is_as_loud_as_all_of_it() {
        let mut noise = 1u32;
        let mut power = || {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // A few are much louder than the others.
            (f64::from(noise) / f64::from(u32::MAX)).powi(8) as f32
        };
        let (mut all, mut kept, mut count) = (0.0, 0.0, 0);
        let mut choice = Choice { stride: 3, surplus: 0.0 };
        for _ in 0..12 {
            let steps = |power| Steps { power: vec![power], peak: Vec::new() };
            let mut group: Vec<Probe> =
                (0..GROUP).map(|_| Probe { first: 0, frames: vec![[0; 2]], steps: steps(power()) }).collect();
            choice.keep(&mut group);
            all += group.iter().map(|probe| probe.steps.total()).sum::<f64>();
            let chosen = group.iter().filter(|probe| !probe.frames.is_empty());
            kept += chosen.clone().map(|probe| probe.steps.total()).sum::<f64>();
            count += chosen.count();
        }
        assert_eq!(count, 12 * GROUP / 3);
        assert!((all / (3.0 * kept) - 1.0).abs() < 0.05, "{all} instead of {}", 3.0 * kept);
    }
}
