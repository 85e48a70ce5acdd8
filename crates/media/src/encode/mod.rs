//! Writes samples to files, one module per format.

mod crash_safe;
mod dither;
pub mod flac;
mod id3;
#[cfg(feature = "opus")]
pub mod opus;
pub mod pcm;
mod spec;
mod tags;
pub mod wav;
mod writer;

pub use crash_safe::{CrashSafeWriter, Truncate};
pub use spec::{AudioFormat, AudioSpec, Container, SampleFormat};
pub use writer::{AudioWriter, write};
