//! A track measured by probes.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::AtomicBool;
use std::thread;

use crowd_engine::SampleRate;
use crowd_engine::feed::{Input, Shape};

use super::analysis::Analysis;
use super::balance::{Balance, Sums};
use super::choice::Choice;
use super::error::Error;
use super::probe::{BLOCK, Probe};
use super::spans::spans;
use crate::chain::Mastering;
use crate::loudness::{Forecast, Steps, integrated};
use crate::settings::MasteringSettings;

/// Probes a chain is run on, at most.
const KEPT: usize = 60;
/// Neighbours of which the same share is kept.
const GROUP: usize = 12;

/// Probes of a track: short spans spread over it, from which it is analysed and any chain for it forecast without reading it
/// again. A track of up to 75 s is taken as a whole. They take 11 MB at 44.1 kHz.
///
/// All of them tell what the track measures like; those that stand for the others, at most 60, tell what a chain makes of it.
pub struct Probes {
    rate: SampleRate,
    /// Those that stand for all.
    probes: Vec<Probe>,
    lufs: Option<f64>,
    analysis: Analysis,
}

impl Probes {
    /// Reads the probes of a track whose shape is `shape`, on two threads where there is [another](Input::another) of `input`.
    ///
    /// # Errors
    /// [`Error::Engine`] when it cannot be read, [`Error::Stopped`] within some milliseconds of `stop` becoming true.
    pub fn read(input: &mut dyn Input, shape: &Shape, stop: &AtomicBool) -> Result<Self, Error> {
        let rate = shape.sample_rate;
        let spans = spans(shape, input.seek_step());
        let stride = spans.len().div_ceil(KEPT);
        let [first, second] = halves(&spans);
        let (first, second) = thread::scope(|scope| {
            let other = input.another().filter(|_| !second.is_empty());
            let other = other.map(|mut other| scope.spawn(move || read(&mut *other, second, stride, rate, stop)));
            let first = read(input, first, stride, rate, stop);
            match other {
                Some(other) => (first, other.join().unwrap_or_else(|panic| resume_unwind(panic))),
                None => (first, read(input, second, stride, rate, stop)),
            }
        });
        let ((mut probes, sums), (more, more_sums)) = (first?, second?);
        probes.extend(more);
        let steps: Vec<_> = probes.iter().map(|probe| &probe.steps).collect();
        let analysis = Analysis::of(shape, &steps, &sums.add(&more_sums));
        probes.retain(|probe| !probe.frames.is_empty());
        let windows = |probe: &Probe| Steps::windows(&probe.steps.power, 4);
        let lufs = integrated(&probes.iter().flat_map(windows).collect::<Vec<_>>());
        Ok(Self { rate, probes, lufs, analysis })
    }

    /// What the track measures like, by all probes. There is no true peak.
    pub fn analysis(&self) -> &Analysis {
        &self.analysis
    }

    /// Integrated loudness of the probes that a [forecast](Self::forecast) is made of, LUFS; none of silence. By what it differs
    /// from that of the track, what is made of the track differs from its forecast.
    pub fn lufs(&self) -> Option<f64> {
        self.lufs
    }

    /// Bytes that the probes take.
    pub fn bytes(&self) -> usize {
        self.probes.iter().map(|probe| 4 * probe.frames.capacity() + 8 * probe.steps.power.capacity()).sum()
    }

    /// Runs the chain of `settings` over the probes, up to its limiter and on two threads, and forecasts what comes out behind that.
    ///
    /// # Errors
    /// [`Error::Engine`] for settings out of their range, [`Error::Stopped`] within some milliseconds of `stop` becoming true.
    pub fn forecast(&self, settings: &MasteringSettings, stop: &AtomicBool) -> Result<Forecast, Error> {
        let chain = Mastering::new(settings, self.rate)?;
        let [first, second] = halves(&self.probes);
        let run = |probes: &[Probe]| probes.iter().map(|probe| probe.run(&chain, self.rate, stop)).collect();
        let (first, second): (Result<Vec<_>, Error>, Result<Vec<_>, Error>) = thread::scope(|scope| {
            let second = scope.spawn(|| run(second));
            (run(first), second.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        let mut steps = first?;
        steps.extend(second?);
        Ok(Forecast::new(steps, settings))
    }
}

/// Two shares of work, as even as their number allows.
fn halves<T>(items: &[T]) -> [&[T]; 2] {
    let (first, second) = items.split_at(items.len().div_ceil(2));
    [first, second]
}

type Read = Result<(Vec<Probe>, Sums), Error>;

/// Reads probes, and keeps the frames of one in `stride`.
fn read(input: &mut dyn Input, spans: &[Range<u64>], stride: usize, rate: SampleRate, stop: &AtomicBool) -> Read {
    let mut probes = Vec::with_capacity(spans.len());
    let mut choice = Choice::new(stride);
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
        probe.each(&mut block, |block| balance.push(block));
    }
    Ok((probes, *balance.sums()))
}
