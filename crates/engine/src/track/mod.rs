//! A piece of music, in memory or read from disk as it plays, shared between threads. Made here; what the audio thread
//! does with it stands in `audio/`.

mod audio;
#[cfg(feature = "decode")]
mod file;
mod memory;
mod stream;

pub use audio::{Pcm, Track, WeakTrack};
