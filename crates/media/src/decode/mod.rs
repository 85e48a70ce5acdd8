//! Files to samples.

mod caf;
mod chain;
mod codec_facts;
mod codecs;
mod collect;
mod decoded;
mod demuxer;
mod flac;
mod frames;
mod known;
mod link;
mod matroska;
mod mend;
mod mp4;
mod ogg;
#[cfg(feature = "opus")]
mod opus;
mod packets;
mod reader;
mod refused;
mod riff;
mod source;
mod stage;
mod tags;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use known::FileId;
pub use reader::Reader;
pub use tags::{Cover, Tags};

use crate::{Audio, Error};

/// Told how far decoding has come: frames so far, and frames in all when the file says so.
pub type Progress = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

/// Limits and hooks for [`open`].
#[derive(Clone)]
pub struct DecodeOptions {
    /// Refuses audio whose samples would take more bytes than this; `None` sets no limit. The default is 4 GiB, so
    /// that a small hostile file (a lossless codec can pack hours of silence into kilobytes) cannot fill the memory.
    pub max_bytes: Option<u64>,
    /// Called now and then on the decoding thread.
    pub progress: Option<Progress>,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self { max_bytes: Some(4 << 30), progress: None }
    }
}

impl fmt::Debug for DecodeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let progress = self.progress.as_ref().map(|_| "..");
        f.debug_struct("DecodeOptions").field("max_bytes", &self.max_bytes).field("progress", &progress).finish()
    }
}

/// What a file says about its audio, without decoding it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Info {
    /// Short name of the container ("wave", "flac", "isomp4").
    pub container: String,
    /// Short name of the codec ("pcm_s16le", "mp3", "alac").
    pub codec: String,
    /// Frames per second.
    pub sample_rate: u32,
    /// Channels per frame.
    pub channels: u16,
    /// Speaker positions as a WAVEFORMATEXTENSIBLE channel mask; 0 when unknown.
    pub speakers: u32,
    /// Bits per sample of lossless integer audio.
    pub bits: Option<u32>,
    /// Frames [`open`] would return, encoder delay and padding not counted: from a header where that can be believed, else
    /// counted packet by packet.
    pub frames: Option<u64>,
    /// Title, artist and such.
    pub tags: Tags,
    /// What is wrong with the file as far as that shows without decoding it: it ends early, say.
    pub warnings: Vec<String>,
}

impl Info {
    /// Length in seconds, when known.
    pub fn seconds(&self) -> Option<f64> {
        self.frames.map(|n| n as f64 / f64::from(self.sample_rate))
    }
}

/// Reads what `path` says about itself, without decoding it. Where the header does not tell how many frames there are, or tells
/// what cannot be, all packets are counted.
///
/// # Errors
/// [`Error::Io`], [`Error::NotAudio`], [`Error::UnsupportedCodec`], [`Error::Malformed`] or [`Error::Rate`].
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
/// - Non-finite samples become 0 and are counted in [`Audio::mended`].
///
/// # Errors
/// Those of [`probe`], [`Error::Empty`], [`Error::TooLarge`] or [`Error::OutOfMemory`].
pub fn open(path: &Path, options: &DecodeOptions) -> Result<Audio, Error> {
    Reader::open(path)?.into_audio(options)
}
