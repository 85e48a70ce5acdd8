//! Writes samples to files, one module per format.

mod crash_safe;
mod dither;
pub mod flac;
mod id3;
#[cfg(feature = "opus")]
pub mod opus;
pub mod pcm;
#[cfg(feature = "opus")]
mod sound_file;
mod spec;
mod tags;
pub mod wav;
mod writer;

pub use crash_safe::{CrashSafeWriter, Truncate};
#[cfg(feature = "opus")]
pub use sound_file::{SoundFile, SoundFormat};
pub use spec::{AudioFormat, AudioSpec, Container, SampleFormat};
pub use writer::{AudioWriter, write};
