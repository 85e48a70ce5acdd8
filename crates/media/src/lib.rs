#![forbid(unsafe_code)]
#![warn(missing_debug_implementations)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(all(feature = "decode", feature = "encode"), doc = include_str!("../README.md"))]
#![cfg_attr(not(all(feature = "decode", feature = "encode")), doc = "Audio files to samples and back.")]
//!
//! # Overview
//!
//! - Reading: [`probe`] reads the header and tags of a file, [`open`] decodes all of it into [`Audio`], [`Reader`] reads it in blocks
//!   from any frame on. [`cover`] reads its picture; [`mp3_tag`] reads the encoder's tag of an MP3.
//! - Converting: [`Audio::to_stereo`] and [`Audio::resampled`], or the same of a [`Reader`]; [`resample()`] for bare samples.
//! - Writing: [`write()`] at once, [`AudioWriter`] streaming, in any [`AudioFormat`]. [`wav`] and [`flac`] write into anything that can
//!   seek. [`CrashSafeWriter`] makes a file that is complete after every append.
//! - Serving: [`wav::header`] with [`pcm`], [`flac::BlockEncoder`] and `opus::Stream` make any span of a stream of a known length.
//! - Measuring and drawing: [`peaks`] of a waveform; `loudness` after EBU R 128; `picture` draws charts.
//! - Files: [`atomic`] writes a file completely or not at all, [`numbered_path`] makes names for it, [`FileVersion`] shows whether a file
//!   has changed, [`EXTENSIONS`] lists the extensions of the files that can be read.
//! - Errors: [`Error`] and [`ErrorKind`].

#[cfg(feature = "atomic-file")]
pub mod atomic;
mod audio;
#[cfg(feature = "reader")]
mod decode;
mod downmix;
#[cfg(feature = "encode")]
mod encode;
mod error;
mod file_version;
mod formats;
mod image_type;
#[cfg(feature = "loudness")]
pub mod loudness;
#[cfg(feature = "reader")]
pub mod mp3_tag;
#[cfg(feature = "reader")]
mod mpeg_frames;
mod numbered_path;
#[cfg(feature = "reader")]
mod ogg_checksum;
pub mod peaks;
#[cfg(feature = "picture")]
pub mod picture;
#[cfg(feature = "resample")]
mod resample;
mod tags;

pub use audio::{Audio, MAX_CHANNELS, MAX_RATE, MIN_RATE, Samples};
#[cfg(feature = "reader")]
pub use decode::{Cover, DecodeOptions, Info, Progress, Reader, cover, open, probe};
pub use downmix::downmix_note;
#[cfg(all(feature = "encode", feature = "opus"))]
pub use encode::opus;
#[cfg(feature = "encode")]
pub use encode::{
    AudioFormat, AudioSpec, AudioWriter, Container, CrashSafeWriter, SampleFormat, Truncate, flac, pcm, wav, write,
};
pub use error::{Damage, Error, ErrorKind};
pub use file_version::FileVersion;
pub use formats::{EXTENSIONS, FORMATS, REFUSED_EXTENSIONS, supported_formats};
pub use image_type::image_media_type;
pub use numbered_path::numbered_path;
#[cfg(feature = "resample")]
pub use resample::resample;
pub use tags::Tags;
