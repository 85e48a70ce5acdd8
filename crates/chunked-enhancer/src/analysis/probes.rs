//! A track measured by probes.

use std::iter::once;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crowd_engine::SampleRate;
use crowd_engine::dsp::mastering::{Mastering, MasteringSettings};
use crowd_engine::feed::Input;

use super::steps::Stepper;
use super::{Analysis, Balance, Error, Kind, Steps, Sums, describe, halves, unreadable};
use crate::library::Music;
use crate::master::{self, Settled};
use crate::preset::Treatment;

/// Probes of a track, and their length in seconds.
const PROBES: u64 = 60;
const SECONDS: f64 = 1.0;
/// A track not longer than this is taken as a whole.
const WHOLE_SECONDS: f64 = 75.0;
/// Shorter than this, a whole is not cut in two.
const HALF_SECONDS: f64 = 8.0;
/// What a chain hears before a probe, so that it is in motion: the beginning of the probe itself.
const WARM_SECONDS: f64 = 0.3;
/// Samples are kept in whole numbers, with 6 dB of room for what a codec made of full scale.
const SCALE: f32 = 16_384.0;

/// Frames of one place, kept.
struct Probe {
    first: u64,
    frames: Vec<[i16; 2]>,
    steps: Steps,
}

/// Probes of a track, from which it is analysed, and any treatment of it settled. They take 11 MB at 44.1 kHz.
pub struct Probes {
    rate: SampleRate,
    probes: Vec<Probe>,
    analysis: Analysis,
}

impl Probes {
    /// Reads the probes of a file on two threads.
    ///
    /// # Errors
    /// [`Error::Engine`] when the file cannot be read, [`Error::Stopped`] within some milliseconds of `stop` becoming true.
    pub fn read(music: &Music, stop: &AtomicBool) -> Result<Self, Error> {
        let (input, shape) = music.input()?;
        let rate = shape.sample_rate;
        let spans = spans(shape.frames.0, rate, input.segment());
        let [first, second] = halves(&spans).map(|half| spans.get(half).unwrap_or_default());
        let (first, second) = thread::scope(|scope| {
            let other = input.another().filter(|_| !second.is_empty());
            let other = other.map(|other| scope.spawn(move || read_spans(other, second, rate, stop)));
            let mut input: Box<dyn Input> = Box::new(input);
            let read = read_spans_by(&mut *input, first, rate, stop);
            match other {
                Some(other) => (read, other.join().unwrap_or_else(|panic| resume_unwind(panic))),
                None => (read, read_spans_by(&mut *input, second, rate, stop)),
            }
        });
        let ((mut probes, sums), (more, more_sums)) = (first?, second?);
        probes.extend(more);
        let steps: Vec<_> = probes.iter().map(|probe| &probe.steps).collect();
        let analysis = describe(Kind::Quick, shape.frames.0, rate.get(), &steps, &sums.add(&more_sums));
        Ok(Self { rate, probes, analysis })
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
        master::settle(&self.analysis, treatment, |settings| self.run(settings, stop))
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
            block.extend(piece.iter().map(|frame| frame.map(|v| f32::from(v) / SCALE)));
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

/// Frames that are worked on at a time.
const BLOCK: usize = 4_096;

/// Where the probes lie: evenly spread, each somewhere else in its sixtieth of the track, so that they do not fall on the same
/// beat of every bar; and where reading is cheap, if that is in its sixtieth too.
fn spans(frames: u64, rate: SampleRate, segment: u64) -> Vec<Range<u64>> {
    let in_frames = |seconds: f64| (seconds * f64::from(rate.get())) as u64;
    if frames <= in_frames(HALF_SECONDS) {
        return once(0..frames).collect();
    }
    if frames <= in_frames(WHOLE_SECONDS) {
        return vec![0..frames / 2, frames / 2..frames];
    }
    let length = in_frames(SECONDS);
    let room = (frames / PROBES - length) as f64;
    (0..PROBES)
        .map(|n| {
            let share = ((n + 1) as f64 * 0.618_033_988_749_895).fract();
            let low = frames * n / PROBES;
            let anywhere = low + (room * share) as u64;
            let cheap = anywhere - anywhere % segment;
            let first = if cheap >= low { cheap } else { anywhere };
            first..first + length
        })
        .collect()
}

type Read = Result<(Vec<Probe>, Sums), Error>;

fn read_spans(mut input: Box<dyn Input>, spans: &[Range<u64>], rate: SampleRate, stop: &AtomicBool) -> Read {
    read_spans_by(&mut *input, spans, rate, stop)
}

fn read_spans_by(input: &mut dyn Input, spans: &[Range<u64>], rate: SampleRate, stop: &AtomicBool) -> Read {
    let mut balance = Balance::new(rate);
    let mut probes = Vec::with_capacity(spans.len());
    let mut block = Vec::new();
    for span in spans {
        let length = (span.end - span.start) as usize;
        let mut frames = Vec::with_capacity(length);
        let mut stepper = Stepper::new(rate);
        balance.jump();
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
            for frame in block.iter_mut().filter(|frame| !frame.iter().all(|v| v.is_finite())) {
                *frame = [0.0; 2];
            }
            stepper.push(&block);
            balance.push(&block);
            frames.extend(block.iter().map(|frame| frame.map(|v| (v * SCALE).round() as i16)));
        }
        probes.push(Probe { first: span.start, frames, steps: stepper.finish() });
    }
    Ok((probes, *balance.sums()))
}
