//! The hq method: the phase vocoder over the whole band.

use super::source::Source;
use super::stretch_trait::{Latency, Stretch};
use super::vocoder::{FrameWorker, Vocoder};
use crate::dsp::{Position, Step};
use crate::types::units::Rate;

/// Keeps the pitch with the best quality: chords stay smooth and attacks unchanged.
///
/// A phase vocoder with STFT frames of 93 ms, four of which overlap. At speed 1 it is a bypass. When the speed returns
/// to 1, it is a bypass again within half a second.
pub struct Hq {
    vocoder: Vocoder,
}

crate::types::opaque::opaque_debug!(Hq);

impl Hq {
    /// For an engine of `sample_rate` frames per second.
    pub fn new(sample_rate: u32) -> Self {
        Self { vocoder: Vocoder::new(f64::from(sample_rate), 0) }
    }

    /// As [`Stretch::process`], with a worker that may synthesise STFT frames in the meantime.
    pub(crate) fn process_with(
        &mut self,
        source: &dyn Source,
        position: Position,
        step: Step,
        out: [&mut [f32]; 2],
        worker: &mut dyn FrameWorker,
    ) {
        self.vocoder.process(source, position, step, out, worker);
    }

    /// The number of frames that are read before a position, and after it, at this rate.
    pub(crate) fn reach(&self, rate: f64) -> usize {
        self.vocoder.reach(rate)
    }

    /// Half the length of an STFT frame. No sound is smeared further than this.
    pub(crate) fn half_frame(&self) -> usize {
        self.vocoder.half_frame()
    }
}

impl Stretch for Hq {
    fn process(&mut self, source: &dyn Source, position: Position, step: Step, out: [&mut [f32]; 2]) {
        self.process_with(source, position, step, out, &mut ());
    }

    fn latency(&self) -> Latency {
        Latency { input: self.reach(Rate::MAX.get()), output: 0 }
    }

    fn moved(&mut self, by: i64) {
        self.vocoder.moved(by);
    }

    fn reset(&mut self) {
        self.vocoder.reset();
    }
}
