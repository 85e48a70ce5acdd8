//! Files that do not exist yet: where which sound lies in them, known before anything is made.
//!
//! A [`Layout`] is arithmetic. It says how long a rendition's file is, what its first bytes are, and which of its sound a range of
//! its bytes is made of; whoever holds the chunks makes the bytes from that. The sound is counted in bytes of interleaved
//! stereo PCM, as chunks hold it; [`pieces`] finds the chunks.

use std::ops::Range;

use crowd_engine::chunk::Grid;
use crowd_engine::{Frames, SampleRate};
use crowd_media::{Depth, Error, wav};

/// Channels of every rendition.
pub const CHANNELS: u16 = 2;

/// A file of one rendition.
#[derive(Clone, Debug)]
pub struct Layout {
    header: Vec<u8>,
    pcm_bytes: u64,
}

/// Where a stretch of a file's bytes comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// These bytes of [`Layout::header`].
    Header(Range<usize>),
    /// These bytes of the PCM, as they are.
    Pcm(Range<u64>),
}

impl Part {
    /// How many bytes of the file it is.
    pub fn len(&self) -> u64 {
        match self {
            Self::Header(bytes) => bytes.len() as u64,
            Self::Pcm(bytes) => bytes.end - bytes.start,
        }
    }

    /// Whether it is none; [`Layout::parts`] gives no such part.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Layout {
    /// A WAV: a header and the PCM.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a length no file can have.
    pub fn wav(rate: SampleRate, frames: Frames, depth: Depth) -> Result<Self, Error> {
        let spec = wav::Spec::new(rate.get(), CHANNELS, depth);
        Ok(Self { header: wav::header(spec, frames.0)?, pcm_bytes: frames.0 * spec.frame_bytes() })
    }

    /// The bytes before the sound.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// Bytes of the whole file.
    pub fn len(&self) -> u64 {
        self.header.len() as u64 + self.pcm_bytes
    }

    /// Whether there are none. No file is without a header.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the bytes `range` of the file are made of, in order and without gaps. What lies behind the end is left out.
    pub fn parts(&self, range: Range<u64>) -> Vec<Part> {
        let header = self.header.len() as u64;
        let end = range.end.min(self.len());
        let mut parts = Vec::new();
        if range.start < end.min(header) {
            parts.push(Part::Header(range.start as usize..end.min(header) as usize));
        }
        let start = range.start.max(header);
        if start < end {
            parts.push(Part::Pcm(start - header..end - header));
        }
        parts
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The file's bytes `range`, put together from chunks of `pcm`.
    fn read(layout: &Layout, grid: &Grid, frame_bytes: u64, pcm: &[u8], range: Range<u64>) -> Vec<u8> {
        let mut out = Vec::new();
        for part in layout.parts(range) {
            let before = out.len() as u64;
            match &part {
                Part::Header(bytes) => out.extend(&layout.header()[bytes.clone()]),
                Part::Pcm(bytes) => {
                    for piece in pieces(grid, frame_bytes, bytes.clone()) {
                        let span = grid.span(piece.chunk).unwrap();
                        let chunk = &pcm[(span.start * frame_bytes) as usize..(span.end * frame_bytes) as usize];
                        out.extend(&chunk[piece.bytes.start as usize..piece.bytes.end as usize]);
                    }
                }
            }
            assert!(!part.is_empty());
            assert_eq!(out.len() as u64 - before, part.len());
        }
        out
    }

    fn random(state: &mut u64, below: u64) -> u64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 20) % below
    }

    #[test]
    fn a_thousand_ranges_of_a_wav_are_those_of_the_file() {
        let rate = SampleRate::new(8_000).unwrap();
        let frames = Frames(8_000 * 70 + 123);
        let grid = Grid::standard(frames, rate);
        for depth in [Depth::I16, Depth::I24, Depth::F32] {
            let layout = Layout::wav(rate, frames, depth).unwrap();
            let spec = wav::Spec::new(rate.get(), CHANNELS, depth);
            let mut state = 1;
            let samples: Vec<f32> = (0..2 * frames.0).map(|_| random(&mut state, 999) as f32 / 999.0).collect();
            let mut writer = wav::Writer::new(std::io::Cursor::new(Vec::new()), spec).unwrap();
            writer.write_f32(&samples).unwrap();
            let file = writer.finish().unwrap().into_inner();
            assert_eq!(layout.len(), file.len() as u64);
            let pcm = &file[layout.header().len()..];
            for _ in 0..1_000 {
                let start = random(&mut state, layout.len() + 9);
                let end = start + random(&mut state, layout.len() + 9);
                let expected = &file[(start as usize).min(file.len())..(end as usize).min(file.len())];
                assert!(read(&layout, &grid, spec.frame_bytes(), pcm, start..end) == expected, "{start}..{end}");
            }
            // A random cut of the whole.
            let (mut at, mut joined) = (0, Vec::new());
            while at < layout.len() {
                let end = at + random(&mut state, 60_000) + 1;
                joined.extend(read(&layout, &grid, spec.frame_bytes(), pcm, at..end));
                at = end;
            }
            assert!(joined == file);
        }
    }

    proptest! {
        #[test]
        fn pieces_follow_each_other_and_are_none_behind_the_end(
            frames in 0u64..300_000, start in 0u64..2_000_000, length in 0u64..2_000_000,
        ) {
            let grid = Grid::standard(Frames(frames), SampleRate::new(8_000).unwrap());
            let mut at = start;
            for piece in pieces(&grid, 6, start..start + length) {
                let span = grid.span(piece.chunk).unwrap();
                prop_assert_eq!(span.start * 6 + piece.bytes.start, at);
                prop_assert!(!piece.bytes.is_empty() && piece.bytes.end <= (span.end - span.start) * 6);
                at += piece.bytes.end - piece.bytes.start;
            }
            prop_assert_eq!(at, (start + length).min(frames * 6).max(start));
        }
    }
}
