//! Samples to files, one file per format.

mod dither;
pub mod flac;
mod growing;
mod id3;
#[cfg(feature = "opus")]
pub mod opus;
pub mod pcm;
mod spec;
mod tags;
pub mod wav;
mod writer;

pub use growing::{Growing, Store};
pub use spec::{AudioFormat, Container, Depth, Spec};
pub use writer::{AudioWriter, write};
