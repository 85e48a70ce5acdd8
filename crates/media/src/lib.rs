#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! - [`open`] and [`probe`] read files into [`Audio`]; [`DecodeOptions`] limits them.
//! - [`Reader`] reads what is too long for that in blocks, from any frame on.
//! - [`resample`] and [`Audio::resampled`] change the rate; [`Audio::to_stereo`] the channels.
//! - [`write()`] and [`AudioWriter`] write files, at once or streaming, in any [`AudioFormat`]; [`wav`] and [`flac`] are
//!   the formats themselves, through an [`atomic::AtomicFile`] or into anything that can seek; [`pcm`] is what a WAV
//!   holds. [`wav::header`], [`flac::BlockEncoder`] and `opus::Stream` (feature `opus`) are for streams made in any order;
//!   [`CrashSafeWriter`] is a file that is complete after every append. [`numbered_path`] names files beside those that are there.
//! - [`loudness`] measures; [`peaks`] and [`picture`] draw. [`mp3_tag`] says what an MP3's first frame holds.

pub mod atomic;
mod audio;
mod decode;
mod downmix;
mod encode;
mod error;
mod file_version;
mod image_type;
pub mod loudness;
pub mod mp3_tag;
mod mpeg;
mod numbered_path;
mod ogg_checksum;
pub mod peaks;
pub mod picture;
mod resample;

pub use audio::{Audio, MAX_CHANNELS, MAX_RATE, MIN_RATE, Samples};
pub use decode::{Cover, DecodeOptions, Info, Progress, Reader, Tags, cover, open, probe};
pub use downmix::downmix_note;
#[cfg(feature = "opus")]
pub use encode::opus;
pub use encode::{
    AudioFormat, AudioSpec, AudioWriter, Container, CrashSafeWriter, SampleFormat, Truncate, flac, pcm, wav, write,
};
pub use error::{EXTENSIONS, Error, REFUSED_EXTENSIONS, SUPPORTED};
pub use file_version::FileVersion;
pub use image_type::image_media_type;
pub use numbered_path::numbered_path;
pub use resample::resample;
