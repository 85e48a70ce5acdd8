//! The header and tags of a file.

use crate::Tags;

/// The header and tags of a file, read without decoding it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Info {
    /// Short name of the container ("wave", "flac", "isomp4").
    pub container: String,
    /// Short name of the codec ("pcm_s16le", "mp3", "alac").
    pub codec: String,
    /// Frames per second, Hz.
    pub sample_rate: u32,
    /// Channels per frame.
    pub channels: u16,
    /// Speaker positions as a WAVEFORMATEXTENSIBLE channel mask; 0 when unknown.
    pub speakers: u32,
    /// Bits per sample of lossless integer audio.
    pub bits: Option<u32>,
    /// Frames that [`open`](crate::open) would return, without encoder delay and padding: from the header if that is plausible, else
    /// counted packet by packet.
    pub frames: Option<u64>,
    /// Title, artist, album, tempo and key.
    pub tags: Tags,
    /// Sentences about what is wrong with the file, as far as this is known without decoding it: for example, that it ends early.
    pub warnings: Vec<String>,
}

impl Info {
    /// Length in seconds, when known.
    pub fn seconds(&self) -> Option<f64> {
        self.frames.map(|n| n as f64 / f64::from(self.sample_rate))
    }
}
