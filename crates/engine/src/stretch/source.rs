//! What a method reads, and what every method does.

use crate::dsp::{Position, Step};
use crate::types::onset::Onset;

/// A source that can be read anywhere: the whole track lies before the stretcher, so it may look ahead and
/// behind at will.
pub trait Source {
    /// Copies frames from `first` on into planar stereo. Every position is allowed; where there is no music
    /// there is silence. Loops are already unrolled. A sample is 0 or not [next to it](crate::dsp::silence).
    fn read(&self, first: i64, out: [&mut [f32]; 2]);

    /// The first onset in frames `from..until`, as far as the source knows its onsets.
    fn onset(&self, from: i64, until: i64) -> Option<Onset>;
}

/// What a method needs around the position it was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Frames of the source that are read before and behind the asked position.
    pub input: usize,
    /// Frames of output before the asked position sounds.
    pub output: usize,
}

/// Turns a source into sound at a speed. Runs on the audio thread: no lock, no allocation, no system call.
pub trait Stretch: Send {
    /// Fills `out` (at most [`QUANTUM`](crate::dsp::QUANTUM) frames) with the sound from `position` on. Calls
    /// follow each other: the next one is for `position` advanced by `step` times the frames, unless
    /// [`moved`](Self::moved) or [`reset`](Self::reset) come between. Splitting the output in several calls gives the
    /// same samples.
    fn process(&mut self, source: &dyn Source, position: Position, step: Step, out: [&mut [f32]; 2]);

    /// What it needs around a position.
    fn latency(&self) -> Latency;

    /// All positions have moved by `by` frames of the source, because a loop jumped: what was frame `n` is now
    /// frame `n + by`. The sound goes on as if nothing had happened.
    fn moved(&mut self, by: i64);

    /// Forgets what was read: the next call starts anew, as behind a jump. The first frame it makes is then the
    /// frame of the source, untouched.
    fn reset(&mut self);
}
