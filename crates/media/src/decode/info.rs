//! The header and tags of a file.

use crate::Tags;

/// The header and tags of a file, read without decoding it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Info {
    /// The short name of the container ("wave", "flac", "isomp4").
    pub container: String,
    /// The short name of the codec ("pcm_s16le", "mp3", "alac").
    pub codec: String,
    /// The sample rate in Hz.
    pub sample_rate: u32,
    /// The number of channels.
    pub channels: u16,
    /// The speaker positions as a WAVEFORMATEXTENSIBLE channel mask. 0 when they are unknown.
    pub speakers: u32,
    /// The number of bits per sample of a lossless codec with integer samples.
    pub bits: Option<u32>,
    /// The number of frames that [`open`](crate::open) would return, without encoder delay and padding. It is that of the header if
    /// this is plausible. Otherwise the frames were counted packet by packet.
    pub frames: Option<u64>,
    /// The title, artist, album, tempo and key.
    pub tags: Tags,
    /// Sentences that describe damage, as far as it is known without decoding the file. An example is an early end of the file.
    pub warnings: Vec<String>,
}

impl Info {
    /// The length in seconds, if it is known.
    pub fn seconds(&self) -> Option<f64> {
        self.frames.map(|n| n as f64 / f64::from(self.sample_rate))
    }
}
