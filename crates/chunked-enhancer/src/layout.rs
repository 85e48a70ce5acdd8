//! The layout of a rendition: its format, its header and its chunks. All of it is known before the first chunk is made.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crowd_engine::chunk::ChunkGrid;
use crowd_engine::{Frames, SampleRate};
use crowd_media::{AudioSpec, SampleFormat, Tags, flac, opus, wav};
use crowd_streaming::Mp4Track;
use serde::{Deserialize, Serialize};

use crate::choice::parse_choice;
use crate::error::Error;

/// Every rendition is stereo.
const CHANNELS: u16 = 2;
/// Bits per second of an Opus stream, at which stereo music sounds transparent.
const OPUS_BIT_RATE: u32 = 160_000;
/// The approximate seconds of an HLS segment. Segments are short, because a player that seeks fetches a whole segment before it plays.
const SEGMENT_SECONDS: f64 = 6.0;
/// The approximate seconds of the first HLS segment. It is short, because it has to be made before the first sound.
const FIRST_SEGMENT_SECONDS: f64 = 1.0;

/// The format of a rendition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// PCM after a WAV header.
    #[default]
    Wav,
    /// FLAC: the same samples in fewer bytes.
    Flac,
    /// Ogg Opus at a constant bit rate, 48 kHz.
    Opus,
    /// FLAC in fragmented MP4, in the segments of an HLS playlist. HLS has URLs of its own, so no parameter of a request selects it.
    Hls,
}

impl Format {
    /// The formats that a request may select, the default first.
    pub const ALL: [Self; 3] = [Self::Wav, Self::Flac, Self::Opus];

    /// Its name, as in a URL and as a file name extension.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Flac => "flac",
            Self::Opus => "opus",
            Self::Hls => "hls",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
            Self::Flac => "audio/flac",
            Self::Opus => "audio/ogg; codecs=opus",
            Self::Hls => "audio/mp4",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_choice("format", text, Self::ALL, Self::name)
    }
}

/// How a rendition is divided into chunks, and how each of them is encoded.
#[derive(Clone, Debug)]
pub struct Layout {
    frames: u64,
    sample_format: SampleFormat,
    encoding: ChunkEncoding,
}

/// How chunks are encoded.
#[derive(Clone, Debug)]
pub enum ChunkEncoding {
    /// PCM after a header.
    Wav {
        /// The chunks.
        grid: ChunkGrid,
        /// The bytes before the first chunk.
        header: Vec<u8>,
    },
    /// FLAC.
    Flac {
        /// The chunks.
        grid: ChunkGrid,
        /// The encoder.
        blocks: flac::BlockEncoder,
    },
    /// Opus at a constant bit rate.
    Opus(opus::Stream),
    /// FLAC in the segments of an HLS playlist, each of which is a chunk.
    Hls {
        /// The segments.
        grid: ChunkGrid,
        /// The encoder.
        blocks: flac::BlockEncoder,
        /// The initialization segment.
        init: Vec<u8>,
    },
}

impl Layout {
    /// The layout of a rendition of `frames` frames.
    ///
    /// # Errors
    /// When no file of this format can have this length or this sample format.
    pub fn new(format: Format, rate: SampleRate, frames: Frames, sample_format: SampleFormat) -> Result<Self, Error> {
        let grid = ChunkGrid::standard(frames, rate);
        let spec = AudioSpec::new(rate.get(), CHANNELS, sample_format);
        let encoding = match format {
            Format::Wav => ChunkEncoding::Wav { grid, header: wav::header(spec, frames.0)? },
            Format::Flac => {
                ChunkEncoding::Flac { grid, blocks: flac::BlockEncoder::new(spec, frames.0, &Tags::default())? }
            }
            Format::Opus => {
                // Any serial number is valid, because there is only one stream in the file.
                ChunkEncoding::Opus(opus::Stream::new(rate.get(), frames.0, OPUS_BIT_RATE, 1, &Tags::default())?)
            }
            Format::Hls => {
                let blocks = flac::BlockEncoder::new(spec, frames.0, &Tags::default())?;
                let init = Mp4Track::flac(blocks.header())?.initialization_segment();
                ChunkEncoding::Hls { grid: segments(frames, rate)?, blocks, init }
            }
        };
        Ok(Self { frames: frames.0, sample_format, encoding })
    }

    /// How chunks are encoded.
    pub fn encoding(&self) -> &ChunkEncoding {
        &self.encoding
    }

    /// Frames of the track.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The bytes before the first chunk.
    pub fn header(&self) -> &[u8] {
        match &self.encoding {
            ChunkEncoding::Wav { header, .. } => header,
            ChunkEncoding::Flac { blocks, .. } => blocks.header(),
            ChunkEncoding::Opus(stream) => stream.header(),
            ChunkEncoding::Hls { init, .. } => init,
        }
    }

    /// The number of chunks.
    pub fn chunk_count(&self) -> usize {
        match &self.encoding {
            ChunkEncoding::Wav { grid, .. } | ChunkEncoding::Flac { grid, .. } | ChunkEncoding::Hls { grid, .. } => {
                grid.chunks()
            }
            ChunkEncoding::Opus(stream) => usize::try_from(stream.span_count()).unwrap_or(usize::MAX),
        }
    }

    /// The frames from which a chunk is made. A chunk of Opus needs the last frames of the previous chunk too.
    pub fn span(&self, index: usize) -> Range<u64> {
        let span = match &self.encoding {
            ChunkEncoding::Wav { grid, .. } | ChunkEncoding::Flac { grid, .. } | ChunkEncoding::Hls { grid, .. } => {
                grid.span(index)
            }
            ChunkEncoding::Opus(stream) => stream.span(index as u64).map(|span| span.frames),
        };
        span.unwrap_or(0..0)
    }

    /// Bytes of one frame as PCM.
    pub fn frame_bytes(&self) -> u64 {
        u64::from(CHANNELS * self.sample_format.bytes())
    }

    /// The length of a chunk in bytes. The length of a chunk of FLAC is not known before the chunk is made, so this is the greatest
    /// possible length.
    pub fn chunk_bytes(&self, index: usize) -> u64 {
        match &self.encoding {
            ChunkEncoding::Wav { .. } => self.sample_bytes(index),
            // This is more than the overhead of blocks that cannot be compressed, including their entries in the boxes of an MP4.
            ChunkEncoding::Flac { .. } | ChunkEncoding::Hls { .. } => self.sample_bytes(index) * 65 / 64 + 1_024,
            ChunkEncoding::Opus(stream) => {
                stream.span(index as u64).map_or(0, |span| span.bytes.end - span.bytes.start)
            }
        }
    }

    /// The length of all chunks together in bytes. For FLAC it is the greatest possible length.
    pub fn bytes(&self) -> u64 {
        (0..self.chunk_count()).map(|index| self.chunk_bytes(index)).sum()
    }

    /// The length of each chunk in bytes; none for FLAC, because these lengths are not known before the chunks are made.
    pub fn lengths(&self) -> Option<Vec<u64>> {
        let known = !matches!(self.encoding, ChunkEncoding::Flac { .. } | ChunkEncoding::Hls { .. });
        known.then(|| (0..self.chunk_count()).map(|index| self.chunk_bytes(index)).collect())
    }

    fn sample_bytes(&self, index: usize) -> u64 {
        let span = self.span(index);
        (span.end - span.start) * self.frame_bytes()
    }
}

/// The segments of an HLS playlist. Each begins at the beginning of a FLAC block.
fn segments(frames: Frames, rate: SampleRate) -> Result<ChunkGrid, Error> {
    // The number of whole FLAC blocks that is nearest to this time, as frames.
    let near = |seconds: f64| {
        let blocks = seconds * f64::from(rate.get()) / ChunkGrid::ALIGN.0 as f64;
        Frames((blocks.round() as u64).max(1) * ChunkGrid::ALIGN.0)
    };
    Ok(ChunkGrid::new(frames, near(SEGMENT_SECONDS))?.split_first(near(FIRST_SEGMENT_SECONDS))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_the_track_in_every_format() {
        for frames in [1, 4_096, 44_100 * 61] {
            for format in Format::ALL.into_iter().chain([Format::Hls]) {
                let layout = Layout::new(format, SampleRate::CD, Frames(frames), SampleFormat::I16).unwrap();
                let mut end = 0;
                for index in 0..layout.chunk_count() {
                    let span = layout.span(index);
                    assert!(span.start <= end && span.end > span.start, "{format} {index}: {span:?} after {end}");
                    assert!(layout.chunk_bytes(index) > 0);
                    end = span.end;
                }
                assert_eq!(end, frames, "{format}");
                assert_eq!(layout.span(layout.chunk_count()), 0..0);
            }
        }
    }
}
