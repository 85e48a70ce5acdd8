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

mod hq;
mod kit;
mod playback_rate;
mod source;
mod vocoder;
mod wsola;

pub use crate::types::method::StretchMethod;
pub use crate::types::onset::Onset;
pub use hq::Hq;
pub(crate) use kit::Kit;
pub use playback_rate::PlaybackRate;
pub use source::{Latency, Source, Stretch};
pub(crate) use vocoder::{Help, Look, Maker, Order, Shape};
pub use wsola::Wsola;
