//! Tracks: recorded music in memory, or read from disk while it plays. They are made here; `audio/` has what the audio thread does
//! with them.

mod audio;
#[cfg(feature = "decode")]
mod file;
mod memory;
mod stream;

pub use audio::{Pcm, Track, WeakTrack};
