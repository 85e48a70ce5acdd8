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
mod live;
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
pub use live::{LiveBlock, LiveFormat, LiveReader};
pub use options::{DecodeOptions, Progress};
pub use reader::Reader;
pub use tags::Cover;

#[cfg(doc)]
use crate::ErrorKind;
use crate::{Audio, Error};

/// Reads the header and tags of `path` without decoding it. If the header states no number of frames, or an impossible one, all
/// packets are counted.
///
/// # Errors
/// [`ErrorKind::NotFound`] and the other kinds of the system, [`ErrorKind::NotAFile`], [`ErrorKind::NotAudio`],
/// [`ErrorKind::UnsupportedCodec`], [`ErrorKind::MissingFeature`], [`ErrorKind::Damaged`], [`ErrorKind::Empty`] or
/// [`ErrorKind::SampleRate`].
pub fn probe(path: &Path) -> Result<Info, Error> {
    Ok(Reader::open(path)?.info().clone())
}

/// The picture in the file `path`: the front cover. If there is none, the first picture.
///
/// # Errors
/// As [`probe`].
pub fn cover(path: &Path) -> Result<Option<Cover>, Error> {
    demuxer::cover(path)
}

/// Decodes all of the file `path`.
///
/// - The samples of a lossless source with 16 bits or fewer become [`crate::Samples::I16`]. All others become
///   [`crate::Samples::F32`]. They are decoded packet by packet into one buffer, so there is never a second copy.
/// - Encoder delay and padding are removed if the file states them (in a LAME tag, an MP4 edit list, iTunSMPB, or Ogg granule
///   positions). The number of frames is then that of the encoder's input.
/// - If a file ends early or is damaged, the frames that can be decoded are returned, and [`Audio::warnings`] describes the damage.
/// - A damaged packet becomes silence of the same length, so that beats stay in time. There is a fade of 4 ms into the silence and of
///   2 ms out of it.
/// - It is an error if more packets are damaged than intact, or if no frame can be decoded.
/// - Samples that are not finite become 0, and are counted in [`Audio::non_finite_samples`].
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
