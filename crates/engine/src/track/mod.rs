//! Tracks: recorded music in memory, or read from disk while it plays. The code of the audio thread that reads them is in `audio/`.

mod audio;
#[cfg(feature = "decode")]
mod file;
mod memory;
mod stream;

pub use audio::{Pcm, Track, WeakTrack};
