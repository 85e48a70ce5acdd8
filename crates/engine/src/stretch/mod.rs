//! How a deck turns a track into sound at another speed.
//!
//! | method | pitch | use it when |
//! |---|---|---|
//! | [`StretchMethod::PlaybackRate`] | follows the speed, like vinyl | always right; bit-exact at speed 1, the cheapest |
//! | [`StretchMethod::Wsola`] | kept | four decks on a small computer: drums stay untouched, chords a little rough |
//! | [`StretchMethod::Hq`] | kept | a faster computer, an export: chords stay smooth too |
//!
//! All of them read a track that lies before them, so none delays the sound: what is asked for sounds at once.
#![warn(clippy::cast_possible_truncation)]

#[allow(clippy::cast_possible_truncation, reason = "not on the audio thread")]
mod course;
#[allow(clippy::cast_possible_truncation, reason = "not on the audio thread")]
mod export;
mod hq;
mod kit;
mod lookout;
mod onset;
mod playback_rate;
mod vocoder;
mod wsola;

use crate::dsp::{Position, Step};
use crate::error::Error;

pub use course::Course;
pub use export::export;
pub use hq::Hq;
pub(crate) use kit::Kit;
pub use onset::{Onset, OnsetFinder};
pub use playback_rate::PlaybackRate;
pub(crate) use vocoder::{Help, Maker, Order};
pub use wsola::Wsola;

/// Which [`Stretch`] a deck uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StretchMethod {
    /// Pitch follows the speed, read through a band-limited interpolator.
    #[default]
    PlaybackRate,
    /// Pitch is kept: pieces of the track, joined where they look alike, attacks copied untouched.
    Wsola,
    /// Pitch is kept: a phase vocoder that leaves attacks as they are.
    Hq,
}

impl StretchMethod {
    /// Every method this version has.
    pub const ALL: &'static [Self] = &[Self::PlaybackRate, Self::Wsola, Self::Hq];

    /// The name used on command lines and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PlaybackRate => "playback_rate",
            Self::Wsola => "wsola",
            Self::Hq => "hq",
        }
    }

    /// Whether the pitch stays when the speed changes.
    pub const fn keeps_pitch(self) -> bool {
        !matches!(self, Self::PlaybackRate)
    }
}

impl std::fmt::Display for StretchMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for StretchMethod {
    type Err = Error;

    /// Reads a [name](Self::name).
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL.iter().copied().find(|method| method.name() == name).ok_or_else(|| {
            let names = Self::ALL.iter().map(|method| method.name()).collect::<Vec<_>>().join(", ");
            Error::BadConfig { what: "stretch method", cause: format!("{name:?} is none of {names}") }
        })
    }
}

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
