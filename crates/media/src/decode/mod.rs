//! Decodes files into samples.

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

/// Reads the header and tags of `path` without decoding it. If the header does not say how many frames there are, or says something
/// impossible, all packets are counted.
///
/// # Errors
/// [`ErrorKind::NotFound`] and the other kinds of the system, [`ErrorKind::NotAFile`], [`ErrorKind::NotAudio`],
/// [`ErrorKind::UnsupportedCodec`], [`ErrorKind::MissingFeature`], [`ErrorKind::Damaged`], [`ErrorKind::Empty`] or
/// [`ErrorKind::SampleRate`].
pub fn probe(path: &Path) -> Result<Info, Error> {
    Ok(Reader::open(path)?.info().clone())
}

/// The picture inside the file `path`: its front cover, or else the first one.
///
/// # Errors
/// As [`probe`].
pub fn cover(path: &Path) -> Result<Option<Cover>, Error> {
    demuxer::cover(path)
}

/// Decodes all of the file `path`.
///
/// - Sources of 16 bits or fewer stay [`crate::Samples::I16`]; wider, float and lossy ones become
///   [`crate::Samples::F32`]. Samples are decoded packet by packet into one buffer: no second copy exists at any time.
/// - Encoder delay and padding are removed where the file states them (LAME tag, MP4 edit list or iTunSMPB, Ogg granule positions), so
///   the number of frames is that of the encoder's input.
/// - A file that ends early or is damaged gives the frames that are there, and [`Audio::warnings`] says so. A damaged packet becomes
///   silence of the same length, so that beats stay in time, with a fade of 4 ms into it and of 2 ms out of it. If more packets are
///   damaged than intact, or not one frame can be decoded, that is an error.
/// - Non-finite samples become 0 and are counted in [`Audio::non_finite_samples`].
///
/// ```no_run
/// # fn main() -> Result<(), crowd_media::Error> {
/// let audio = crowd_media::open("track.flac".as_ref(), &crowd_media::DecodeOptions::default())?;
/// println!("{} Hz, {} channels, {:.1} s", audio.sample_rate, audio.channels, audio.seconds());
/// audio.warnings.iter().for_each(|warning| println!("{warning}"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of [`probe`], [`ErrorKind::TooLarge`] or [`ErrorKind::OutOfMemory`].
pub fn open(path: &Path, options: &DecodeOptions) -> Result<Audio, Error> {
    Reader::open(path)?.into_audio(options)
}
