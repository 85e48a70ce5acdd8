//! The trait of the stretch methods.

use super::source::Source;
use crate::dsp::{Position, Step};

/// The frames that a method reads around a position, and its delay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Frames of the source that are read to either side of the position.
    pub input: usize,
    /// Frames of output until the position sounds.
    pub output: usize,
}

/// Plays a source at another speed. Runs on the audio thread: no lock, no allocation, no system call.
pub trait Stretch: Send {
    /// Fills `out` (at most [`QUANTUM`](crate::dsp::QUANTUM) frames) with the sound from `position` on. Successive
    /// calls continue each other: the next call is for `position` advanced by `step` times the frames, unless
    /// [`moved`](Self::moved) or [`reset`](Self::reset) is called in between. Splitting the output into several calls
    /// gives the same samples.
    fn process(&mut self, source: &dyn Source, position: Position, step: Step, out: [&mut [f32]; 2]);

    /// The frames that it reads around a position.
    fn latency(&self) -> Latency;

    /// Shifts all positions by `by` frames of the source, because a loop jumped: frame `n` becomes frame `n + by`. The
    /// sound continues without a change.
    fn moved(&mut self, by: i64);

    /// Discards what was read: the next call starts anew, as after a jump. Its first frame is the frame of the source
    /// at its position, unchanged.
    fn reset(&mut self);
}
