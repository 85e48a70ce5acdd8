//! What the audio thread sees of a track.
#![warn(clippy::cast_possible_truncation)]

mod handle;
mod read;

pub(in crate::track) use handle::{Inner, Sound};
pub use handle::{Pcm, Track, WeakTrack};
