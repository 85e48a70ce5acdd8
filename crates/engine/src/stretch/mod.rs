//! How a deck turns a track into sound at another speed.
//!
//! | method | pitch | use it when |
//! |---|---|---|
//! | [`StretchMethod::PlaybackRate`] | follows the speed, like vinyl | always right; bit-exact at speed 1, the cheapest |
//!
//! Further methods that keep the pitch implement the same trait.

mod playback_rate;

use crate::dsp::{Position, Step};
pub use playback_rate::PlaybackRate;

/// Which [`Stretch`] a deck uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StretchMethod {
    /// Pitch follows the speed, read through a band-limited interpolator.
    #[default]
    PlaybackRate,
}

impl StretchMethod {
    /// Every method this version has.
    pub const ALL: &'static [Self] = &[Self::PlaybackRate];

    /// The name used on command lines and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PlaybackRate => "playback_rate",
        }
    }
}

impl std::fmt::Display for StretchMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A source that can be read anywhere: the whole track lies before the stretcher, so it may look ahead and
/// behind at will.
pub trait Source {
    /// Copies frames from `first` on into planar stereo. Every position is allowed; where there is no music
    /// there is silence. Loops are already unrolled.
    fn read(&self, first: i64, out: [&mut [f32]; 2]);
}

/// Frames by which a method's sound lags behind the position it was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Frames of the source read before the asked position sounds.
    pub input: usize,
    /// Frames of output before the asked position sounds.
    pub output: usize,
}

/// Turns a source into sound at a speed. Runs on the audio thread: no lock, no allocation, no system call.
pub trait Stretch: Send {
    /// Fills `out` (at most [`QUANTUM`](crate::dsp::QUANTUM) frames) with the sound from `position` on, and
    /// returns the position that follows. Splitting the output in several calls gives the same samples.
    fn process(&mut self, source: &dyn Source, position: Position, step: Step, out: [&mut [f32]; 2]) -> Position;

    /// The lag that the deck has to make good.
    fn latency(&self) -> Latency;

    /// Forgets what was read: the next call starts anew, as behind a jump.
    fn reset(&mut self);
}
