//! Stretch methods: how a deck plays a track at another speed.
//!
//! | method | pitch | use it when |
//! |---|---|---|
//! | [`StretchMethod::PlaybackRate`] | follows the speed, like vinyl | always right; bit-exact at speed 1, the cheapest |
//! | [`StretchMethod::Wsola`] | kept | four decks on a small computer: drums stay untouched, chords a little rough |
//! | [`StretchMethod::Hq`] | kept | a faster computer, an export: chords stay smooth too |
//!
//! All of them can read the whole track at any time, so none delays the sound.
#![warn(clippy::cast_possible_truncation)]

mod hq;
mod playback_rate;
mod source;
mod stretcher_set;
mod vocoder;
mod wsola;

pub use crate::types::method::StretchMethod;
pub use crate::types::onset::Onset;
pub use hq::Hq;
pub use playback_rate::PlaybackRate;
pub use source::{Latency, Source, Stretch};
pub(crate) use stretcher_set::StretcherSet;
pub(crate) use vocoder::{FrameAnalysis, FrameSpec, FrameSynthesiser, FrameWorker, StftParams};
pub use wsola::Wsola;
