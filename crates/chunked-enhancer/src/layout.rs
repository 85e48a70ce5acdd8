//! Files that do not exist yet: what of them is known before anything is made.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crowd_engine::chunk::ChunkGrid;
use crowd_engine::{Frames, SampleRate};
use crowd_media::{AudioSpec, SampleFormat, Tags, flac, opus, wav};
use crowd_streaming::FlacTrack;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::named::named;

/// Every rendition is stereo.
const CHANNELS: u16 = 2;
/// Bits per second of an Opus stream: what stereo music bears well.
const OPUS_BIT_RATE: u32 = 160_000;
/// Seconds of an HLS segment, about: a player that seeks fetches one before it plays.
const SEGMENT_SECONDS: f64 = 6.0;
/// Seconds of the first HLS segment, about: what has to be made before the first sound.
const FIRST_SEGMENT_SECONDS: f64 = 1.0;

/// As what a rendition is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// PCM behind a WAV header.
    #[default]
    Wav,
    /// FLAC: the same samples, smaller.
    Flac,
    /// Ogg Opus at a constant bit rate, 48 kHz.
    Opus,
    /// FLAC in fragmented MP4, in the segments of an HLS playlist. It has addresses of its own: no parameter names it.
    Hls,
}

impl Format {
    /// Those that a request may name, the default first.
    pub const ALL: [Self; 3] = [Self::Wav, Self::Flac, Self::Opus];

    /// Its name, as in a URL and behind the dot of a file's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Flac => "flac",
            Self::Opus => "opus",
            Self::Hls => "hls",
        }
    }

    /// What HTTP calls it.
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
        named("format", text, Self::ALL, Self::name)
    }
}

/// How a rendition is cut into pieces, and what each of them is made of.
#[derive(Clone, Debug)]
pub struct Layout {
    frames: u64,
    depth: SampleFormat,
    pieces: Pieces,
}

/// What pieces are encoded by.
#[derive(Clone, Debug)]
pub enum Pieces {
    /// Chunks of samples behind a header.
    Wav {
        /// The chunks.
        grid: ChunkGrid,
        /// The bytes before them.
        header: Vec<u8>,
    },
    /// The same chunks, each smaller by as much as it can be.
    Flac {
        /// The chunks.
        grid: ChunkGrid,
        /// Their encoder.
        blocks: flac::BlockEncoder,
    },
    /// Segments of a constant bit rate.
    Opus(opus::Stream),
    /// FLAC in the segments of an HLS playlist, each of which is a chunk.
    Hls {
        /// The segments.
        grid: ChunkGrid,
        /// Their encoder.
        blocks: flac::BlockEncoder,
        /// The initialization segment.
        init: Vec<u8>,
    },
}

impl Layout {
    /// Of so many frames.
    ///
    /// # Errors
    /// When no file of that format can be so long, or hold such samples.
    pub fn new(format: Format, rate: SampleRate, frames: Frames, depth: SampleFormat) -> Result<Self, Error> {
        let grid = ChunkGrid::standard(frames, rate);
        let spec = AudioSpec::new(rate.get(), CHANNELS, depth);
        let pieces = match format {
            Format::Wav => Pieces::Wav { grid, header: wav::header(spec, frames.0)? },
            Format::Flac => Pieces::Flac { grid, blocks: flac::BlockEncoder::new(spec, frames.0, &Tags::default())? },
            Format::Opus => {
                // A stream of its own in a file of its own needs no number to tell it from others.
                Pieces::Opus(opus::Stream::new(rate.get(), frames.0, OPUS_BIT_RATE, 1, &Tags::default())?)
            }
            Format::Hls => {
                let blocks = flac::BlockEncoder::new(spec, frames.0, &Tags::default())?;
                let init = FlacTrack::from_header(blocks.header())?.initialization_segment();
                Pieces::Hls { grid: segments(frames, rate)?, blocks, init }
            }
        };
        Ok(Self { frames: frames.0, depth, pieces })
    }

    /// What pieces are encoded by.
    pub fn pieces(&self) -> &Pieces {
        &self.pieces
    }

    /// Frames of the track.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The bytes before the first piece.
    pub fn header(&self) -> &[u8] {
        match &self.pieces {
            Pieces::Wav { header, .. } => header,
            Pieces::Flac { blocks, .. } => blocks.header(),
            Pieces::Opus(stream) => stream.header(),
            Pieces::Hls { init, .. } => init,
        }
    }

    /// How many pieces there are.
    pub fn count(&self) -> usize {
        match &self.pieces {
            Pieces::Wav { grid, .. } | Pieces::Flac { grid, .. } | Pieces::Hls { grid, .. } => grid.chunks(),
            Pieces::Opus(stream) => usize::try_from(stream.span_count()).unwrap_or(usize::MAX),
        }
    }

    /// The frames a piece is made of. Those of Opus begin within the piece before.
    pub fn span(&self, index: usize) -> Range<u64> {
        let span = match &self.pieces {
            Pieces::Wav { grid, .. } | Pieces::Flac { grid, .. } | Pieces::Hls { grid, .. } => grid.span(index),
            Pieces::Opus(stream) => stream.span(index as u64).map(|span| span.frames),
        };
        span.unwrap_or(0..0)
    }

    /// Bytes of a frame of samples.
    pub fn frame_bytes(&self) -> u64 {
        u64::from(CHANNELS * self.depth.bytes())
    }

    /// Bytes of a piece; of FLAC, which are not known before, the most there can be.
    pub fn piece_bytes(&self, index: usize) -> u64 {
        match &self.pieces {
            Pieces::Wav { .. } => self.sample_bytes(index),
            // A block that cannot be made smaller has its samples and less than this beside them, its place in an MP4 included.
            Pieces::Flac { .. } | Pieces::Hls { .. } => self.sample_bytes(index) * 65 / 64 + 1_024,
            Pieces::Opus(stream) => stream.span(index as u64).map_or(0, |span| span.bytes.end - span.bytes.start),
        }
    }

    /// Bytes of all pieces, or the most there can be.
    pub fn bytes(&self) -> u64 {
        (0..self.count()).map(|index| self.piece_bytes(index)).sum()
    }

    /// Bytes of each piece, where they are known before it is made.
    pub fn lengths(&self) -> Option<Vec<u64>> {
        let known = !matches!(self.pieces, Pieces::Flac { .. } | Pieces::Hls { .. });
        known.then(|| (0..self.count()).map(|index| self.piece_bytes(index)).collect())
    }

    fn sample_bytes(&self, index: usize) -> u64 {
        let span = self.span(index);
        (span.end - span.start) * self.frame_bytes()
    }
}

/// The segments of an HLS playlist: they begin where FLAC blocks begin.
fn segments(frames: Frames, rate: SampleRate) -> Result<ChunkGrid, Error> {
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
    fn pieces_cover_the_track_whatever_the_format() {
        for frames in [1, 4_096, 44_100 * 61] {
            for format in Format::ALL.into_iter().chain([Format::Hls]) {
                let layout = Layout::new(format, SampleRate::CD, Frames(frames), SampleFormat::I16).unwrap();
                let mut end = 0;
                for index in 0..layout.count() {
                    let span = layout.span(index);
                    assert!(span.start <= end && span.end > span.start, "{format} {index}: {span:?} behind {end}");
                    assert!(layout.piece_bytes(index) > 0);
                    end = span.end;
                }
                assert_eq!(end, frames, "{format}");
                assert_eq!(layout.span(layout.count()), 0..0);
            }
        }
    }
}
