//! The source that a stretch method reads, and the trait of the methods.

use crate::dsp::{Position, Step};
use crate::types::onset::Onset;

/// A source that can be read at any position, earlier or later than the playhead.
pub trait Source {
    /// Copies frames from `first` on into planar stereo. Every position is allowed; there is silence before and after
    /// the music. Loops are already unrolled. A sample is either 0 or not [close to it](crate::dsp::silence).
    fn read(&self, first: i64, out: [&mut [f32]; 2]);

    /// The first onset in frames `from..until`, as far as the source knows its onsets.
    fn onset(&self, from: i64, until: i64) -> Option<Onset>;
}

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
