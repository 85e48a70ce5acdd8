//! The code of the audio thread that reads a track.
#![warn(clippy::cast_possible_truncation)]

mod handle;
mod read;

pub(in crate::track) use handle::{Inner, Sound};
pub use handle::{Pcm, Track, WeakTrack};
