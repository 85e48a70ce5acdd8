//! The phase vocoder over the whole band.

use super::source::{Latency, Source, Stretch};
use super::vocoder::{Help, Vocoder};
use crate::dsp::{Position, Step};
use crate::types::units::Rate;

/// Keeps the pitch as cleanly as can be: chords stay smooth, attacks are the track's own.
///
/// A phase vocoder of 93 ms frames, four times overlapped. At speed 1 it is a wire, bit for bit; coming from another
/// speed it turns back to that within half a second.
pub struct Hq {
    vocoder: Vocoder,
}

crate::types::opaque::opaque_debug!(Hq);

impl Hq {
    /// For an engine of `sample_rate` frames per second.
    pub fn new(sample_rate: u32) -> Self {
        Self { vocoder: Vocoder::new(f64::from(sample_rate), 0) }
    }

    /// As [`Stretch::process`], with somebody who may make the frames in the meantime.
    pub(crate) fn process_with(
        &mut self,
        source: &dyn Source,
        position: Position,
        step: Step,
        out: [&mut [f32]; 2],
        help: &mut dyn Help,
    ) {
        self.vocoder.process(source, position, step, out, help);
    }

    /// Half a frame: as far as a sound is smeared at most.
    pub(crate) fn half(&self) -> usize {
        self.vocoder.half()
    }
}

impl Stretch for Hq {
    fn process(&mut self, source: &dyn Source, position: Position, step: Step, out: [&mut [f32]; 2]) {
        self.process_with(source, position, step, out, &mut ());
    }

    fn latency(&self) -> Latency {
        Latency { input: self.vocoder.reach(Rate::MAX.get()), output: 0 }
    }

    fn moved(&mut self, by: i64) {
        self.vocoder.moved(by);
    }

    fn reset(&mut self) {
        self.vocoder.reset();
    }
}
