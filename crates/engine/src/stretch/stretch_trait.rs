//! The trait of the stretch methods.

use super::source::Source;
use crate::dsp::{Position, Step};

/// The frames that a method reads around a position, and its delay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// The number of frames of the source that are read before the position, and after it.
    pub input: usize,
    /// The number of frames of output before the frame at the position is output.
    pub output: usize,
}

/// Plays a source at another speed. Runs on the audio thread: no lock, no allocation, no system call.
pub trait Stretch: Send {
    /// Fills `out` (at most [`QUANTUM`](crate::dsp::QUANTUM) frames) with the sound from `position` on.
    ///
    /// Each call continues the sound of the call before: its position is the earlier position, advanced by `step` times
    /// the number of frames. Only after [`moved`](Self::moved) or [`reset`](Self::reset) it may be another one. When
    /// the output is split into several calls, the samples are the same.
    fn process(&mut self, source: &dyn Source, position: Position, step: Step, out: [&mut [f32]; 2]);

    /// The frames that the method reads around a position, and its delay.
    fn latency(&self) -> Latency;

    /// Adds `by` to every position in the source, because the playhead has jumped back in a loop. Frame `n` becomes frame
    /// `n + by`. The sound continues without a change.
    fn moved(&mut self, by: i64);

    /// Discards everything that was read. The next call starts anew. Its first frame is the frame of the source at its
    /// position, unchanged.
    fn reset(&mut self);
}
