#![forbid(unsafe_code)]
#![warn(missing_debug_implementations)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(all(feature = "decode", feature = "encode"), doc = include_str!("../README.md"))]
#![cfg_attr(not(all(feature = "decode", feature = "encode")), doc = "Audio files to samples and back.")]
//!
//! # Overview
//!
//! | to | use |
//! |---|---|
//! | read the header and tags of a file | [`probe`] |
//! | decode a whole file | [`open`], which returns [`Audio`] |
//! | read a file in blocks, from any frame on | [`Reader`] |
//! | decode an endless stream while it arrives | [`LiveReader`] |
//! | read the picture in a file | [`cover`] |
//! | read the encoder's tag of an MP3 | [`mp3_tag`] |
//! | mix to stereo | [`Audio::to_stereo`] or [`Reader::to_stereo`] |
//! | convert the sample rate | [`Audio::resampled`], [`Reader::resampled`], [`resample()`] for a slice of samples, [`StreamResampler`] for a stream, or [`DriftResampler`] for one whose clock differs a little |
//! | write a file at once, in any [`AudioFormat`] | [`write()`] |
//! | write a file block by block | [`AudioWriter`] |
//! | write to a stream that can seek | [`wav::Writer`] or [`flac::Writer`] |
//! | record to a file that is complete after every append | [`CrashSafeWriter`] |
//! | make any span of a stream of known length, for a server | [`wav::header`] and [`pcm`], [`flac::BlockEncoder`], or `opus::Stream` |
//! | measure the peaks of a waveform | [`peaks`] |
//! | measure loudness after EBU R 128 | `loudness` |
//! | draw a chart | `picture` |
//! | write a file completely or not at all | [`atomic`] |
//! | make another name for a file that exists | [`numbered_path`] |
//! | detect whether a file has changed | [`FileVersion`] |
//! | list the extensions of the files that can be read | [`EXTENSIONS`] |
//! | handle errors | [`Error`] and [`ErrorKind`] |

#[cfg(feature = "atomic-file")]
pub mod atomic;
mod audio;
#[cfg(feature = "reader")]
mod decode;
mod downmix;
#[cfg(feature = "resample")]
mod drift_resampler;
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
#[cfg(feature = "resample")]
mod stream_resampler;
mod tags;

pub use audio::{Audio, MAX_CHANNELS, MAX_RATE, MIN_RATE, Samples};
#[cfg(feature = "reader")]
pub use decode::{Cover, DecodeOptions, Info, LiveBlock, LiveFormat, LiveReader, Progress, Reader, cover, open, probe};
pub use downmix::downmix_note;
#[cfg(feature = "resample")]
pub use drift_resampler::DriftResampler;
#[cfg(all(feature = "encode", feature = "opus"))]
pub use encode::opus;
#[cfg(feature = "encode")]
pub use encode::{
    AudioFormat, AudioSpec, AudioWriter, Container, CrashSafeWriter, SampleFormat, Truncate, flac, pcm, wav, write,
};
#[cfg(all(feature = "encode", feature = "opus"))]
pub use encode::{SoundFile, SoundFormat};
pub use error::{Damage, Error, ErrorKind};
pub use file_version::FileVersion;
pub use formats::{EXTENSIONS, FORMATS, REFUSED_EXTENSIONS, supported_formats};
pub use image_type::image_media_type;
pub use numbered_path::numbered_path;
#[cfg(feature = "resample")]
pub use resample::resample;
#[cfg(feature = "resample")]
pub use stream_resampler::StreamResampler;
pub use tags::Tags;
