//! Files to samples.

mod caf;
mod codec_facts;
mod codecs;
mod demuxer;
mod dropout_fades;
mod file_facts;
mod file_streams;
mod flac;
mod info;
mod input;
mod into_audio;
mod joined_streams;
mod matroska;
mod mp4;
mod mpeg_streams;
mod ogg;
mod options;
#[cfg(feature = "opus")]
mod opus;
mod packets;
mod reader;
mod resample_stage;
mod riff;
mod stream_decoder;
mod tags;
mod unsupported;

use std::path::Path;

pub use info::Info;
pub use options::{DecodeOptions, Progress};
pub use reader::Reader;
pub use tags::Cover;

#[cfg(doc)]
use crate::ErrorKind;
use crate::{Audio, Error};

/// Reads what `path` says about itself, without decoding it. Where the header does not tell how many frames there are, or tells
/// what cannot be, all packets are counted.
///
/// # Errors
/// [`ErrorKind::NotFound`] and the other kinds of the system, [`ErrorKind::NotAFile`], [`ErrorKind::NotAudio`],
/// [`ErrorKind::UnsupportedCodec`], [`ErrorKind::MissingFeature`], [`ErrorKind::Damaged`], [`ErrorKind::Empty`] or
/// [`ErrorKind::SampleRate`].
pub fn probe(path: &Path) -> Result<Info, Error> {
    Ok(Reader::open(path)?.info().clone())
}

/// The picture that `path` brings: its front cover, else the first there is.
///
/// # Errors
/// As [`probe`].
pub fn cover(path: &Path) -> Result<Option<Cover>, Error> {
    demuxer::cover(path)
}

/// Decodes the whole file `path`.
///
/// - Sources of 16 bits or fewer stay [`crate::Samples::I16`]; wider, float and lossy ones become
///   [`crate::Samples::F32`]. Samples go packet by packet into their final place: no second copy exists at any time.
/// - Encoder delay and padding are removed where the file tells them (LAME tag, MP4 edit list or iTunSMPB, Ogg
///   granule positions), so as many frames come out as went into the encoder.
/// - A file that ends early, or is damaged inside, gives the frames that are there and says so in
///   [`Audio::warnings`]; a damaged packet becomes silence of the same length, so that beats stay where they were,
///   with fades of 4 ms into it and 2 ms out of it.
///   When more packets are damaged than sound, or not one frame can be decoded, that is an error.
/// - Non-finite samples become 0 and are counted in [`Audio::non_finite_samples`].
///
/// # Errors
/// Those of [`probe`], [`ErrorKind::TooLarge`] or [`ErrorKind::OutOfMemory`].
pub fn open(path: &Path, options: &DecodeOptions) -> Result<Audio, Error> {
    Reader::open(path)?.into_audio(options)
}
