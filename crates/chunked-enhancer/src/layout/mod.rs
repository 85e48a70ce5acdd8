//! Files that do not exist yet: where which sound lies in them, known before anything is made.
//!
//! A [`Layout`] is arithmetic. It says how long a rendition's file is, what its first bytes are, and which of its sound a range of
//! its bytes is made of; whoever holds the chunks makes the bytes from that. The sound is counted in bytes of interleaved
//! stereo PCM, as chunks hold it; [`pieces`] finds the chunks. What is compressed is made of it by a [`Coder`], and is the same
//! bytes whoever makes them, from wherever he begins.

mod coder;

use std::ops::Range;

use crowd_engine::chunk::Grid;
use crowd_engine::{Frames, SampleRate};
use crowd_media::{Depth, Error, Tags, flac, opus, wav};

pub use coder::Coder;

/// Channels of every rendition.
pub const CHANNELS: u16 = 2;

/// A file of one rendition.
#[derive(Clone, Debug)]
pub struct Layout {
    spec: wav::Spec,
    frames: Frames,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    Wav(Vec<u8>),
    Flac(flac::Blocks),
    Opus(opus::Stream),
}

/// Where a stretch of a file's bytes comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// These bytes of [`Layout::header`].
    Header(Range<usize>),
    /// These bytes of the PCM, as they are.
    Pcm(Range<u64>),
    /// What a [`Coder`] makes of PCM.
    Coded(Segment),
}

/// A stretch of a compressed file that is made from its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Which one, from 0.
    pub index: u64,
    /// The bytes of the PCM its coder is to be given, in order and in pieces of any size, until the last byte wanted has come out.
    pub pcm: Range<u64>,
    /// Which of the bytes that come out are wanted. A FLAC is one segment of unknown length, and its end `u64::MAX`.
    pub bytes: Range<u64>,
}

impl Layout {
    /// A WAV: a header and the PCM.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a length no file can have.
    pub fn wav(rate: SampleRate, frames: Frames, depth: Depth) -> Result<Self, Error> {
        let spec = wav::Spec::new(rate.get(), CHANNELS, depth);
        Ok(Self { spec, frames, body: Body::Wav(wav::header(spec, frames.0)?) })
    }

    /// A FLAC, which decodes to the WAV's samples. Its length is not known before it is made, so it has no ranges.
    ///
    /// # Errors
    /// [`Error::Invalid`] for floats, which FLAC does not hold, or a length it cannot have; [`Error::Empty`] for no frames.
    pub fn flac(rate: SampleRate, frames: Frames, depth: Depth, tags: &Tags) -> Result<Self, Error> {
        let spec = wav::Spec::new(rate.get(), CHANNELS, depth);
        Ok(Self { spec, frames, body: Body::Flac(flac::Blocks::new(spec, frames.0, tags)?) })
    }

    /// An Ogg Opus of `bit_rate` bit/s (a multiple of 400 in 48,000..=510,000), made of PCM of the depth `depth`. `serial` tells
    /// it from other streams.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an impossible bit rate or length, [`Error::Empty`] for no frames.
    pub fn opus(
        rate: SampleRate,
        frames: Frames,
        depth: Depth,
        bit_rate: u32,
        serial: u32,
        tags: &Tags,
    ) -> Result<Self, Error> {
        let spec = wav::Spec::new(rate.get(), CHANNELS, depth);
        let stream = opus::Stream::new(rate.get(), frames.0, bit_rate, serial, tags)?;
        Ok(Self { spec, frames, body: Body::Opus(stream) })
    }

    /// The bytes before the sound.
    pub fn header(&self) -> &[u8] {
        match &self.body {
            Body::Wav(header) => header,
            Body::Flac(blocks) => blocks.header(),
            Body::Opus(stream) => stream.header(),
        }
    }

    /// Bytes of the whole file, where they are known before it is made.
    pub fn bytes(&self) -> Option<u64> {
        match &self.body {
            Body::Wav(header) => Some(header.len() as u64 + self.pcm_bytes()),
            Body::Flac(_) => None,
            Body::Opus(stream) => Some(stream.bytes()),
        }
    }

    /// Bytes of one frame of the PCM.
    pub fn frame_bytes(&self) -> u64 {
        self.spec.frame_bytes()
    }

    /// What the whole file is made of, in order.
    pub fn whole(&self) -> Vec<Part> {
        self.bytes().and_then(|bytes| self.parts(0..bytes)).unwrap_or_else(|| {
            let bytes = 0..u64::MAX;
            vec![
                Part::Header(0..self.header().len()),
                Part::Coded(Segment { index: 0, pcm: 0..self.pcm_bytes(), bytes }),
            ]
        })
    }

    /// What the bytes `range` of the file are made of, in order and without gaps. What lies behind the end is left out. None
    /// where the length is not known, and so no place in the file.
    pub fn parts(&self, range: Range<u64>) -> Option<Vec<Part>> {
        let header = self.header().len() as u64;
        let end = range.end.min(self.bytes()?);
        let mut parts = Vec::new();
        if range.start < end.min(header) {
            parts.push(Part::Header(range.start as usize..end.min(header) as usize));
        }
        let mut start = range.start.max(header);
        if start < end {
            match &self.body {
                Body::Opus(stream) => {
                    while start < end
                        && let Some(segment) = stream.segment_at(start).and_then(|index| stream.segment(index))
                    {
                        let (frames, bytes) = (segment.frames, segment.bytes);
                        parts.push(Part::Coded(Segment {
                            index: segment.index,
                            pcm: frames.start * self.frame_bytes()..frames.end * self.frame_bytes(),
                            bytes: start - bytes.start..end.min(bytes.end) - bytes.start,
                        }));
                        start = bytes.end;
                    }
                }
                _ => parts.push(Part::Pcm(start - header..end - header)),
            }
        }
        Some(parts)
    }

    /// What makes a segment.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a file that is not compressed, a segment that does not exist, or with what the codec says.
    pub fn coder(&self, segment: &Segment) -> Result<Coder, Error> {
        match &self.body {
            Body::Wav(_) => Err(Error::Invalid {
                what: "the segment of a WAV",
                value: segment.index.to_string(),
                way_out: "take its PCM as it is",
            }),
            Body::Flac(blocks) => Ok(Coder::flac(blocks.clone(), self.spec)),
            Body::Opus(stream) => Ok(Coder::opus(stream.coder(segment.index)?, self.spec)),
        }
    }

    fn pcm_bytes(&self) -> u64 {
        self.frames.0 * self.frame_bytes()
    }
}

/// Bytes of one chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The chunk's number on the grid.
    pub chunk: usize,
    /// Which of its bytes.
    pub bytes: Range<u64>,
}

/// The chunks that hold the bytes `range` of a track's PCM, in order; `frame_bytes` are those of one frame. What lies
/// behind the track's end is left out.
pub fn pieces(grid: &Grid, frame_bytes: u64, range: Range<u64>) -> impl Iterator<Item = Piece> + use<> {
    let grid = *grid;
    let chunks = grid.chunks();
    let first = grid.index_at(Frames(range.start / frame_bytes)).unwrap_or(chunks);
    (first..chunks).map_while(move |chunk| {
        let span = grid.span(chunk)?;
        let (from, to) = (span.start * frame_bytes, span.end * frame_bytes);
        let bytes = range.start.max(from) - from..range.end.min(to).checked_sub(from)?;
        (!bytes.is_empty()).then_some(Piece { chunk, bytes })
    })
}

#[cfg(test)]
mod tests;
