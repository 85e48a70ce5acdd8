//! Makes the pieces of a rendition.

use std::ops::ControlFlow;

use crowd_engine::Frames;
use crowd_engine::chunk::{ChunkGrid, Chunked};
use crowd_engine::feed::{FileInput, Input};
use crowd_media::{SampleFormat, flac, opus, pcm};
use crowd_streaming::{MediaSample, MediaSegment};

use crate::error::Error;
use crate::layout::Pieces;
use crate::master::{Enhancer, Settled};
use crate::rendition::Rendition;

/// Where chunks that were made from different state would overlap. An [`Enhancer`] forgets to the last bit: there are none.
const NO_JOIN: Frames = Frames(0);
/// Frames encoded at once, in blocks of a FLAC.
const FLAC_FRAMES: usize = 16 * ChunkGrid::ALIGN.0 as usize;
/// Frames mastered at once for an Opus stream, whose spans begin and end between the borders of any grid.
const STEP: Frames = Frames(4 * ChunkGrid::ALIGN.0);

/// A decoder with a mastering chain and an encoder behind it. Piece after piece goes fastest; any other is begun with a
/// pre-roll, and has the same bytes.
pub struct Maker {
    chunked: Chunked<Enhancer, FileInput>,
    depth: SampleFormat,
    next: usize,
    /// What an Opus span has in common with the one before: these frames, from this one on.
    tail: Vec<[f32; 2]>,
    tail_from: u64,
}

impl Maker {
    /// A maker of a rendition that was settled.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn new(rendition: &Rendition, settled: &Settled) -> Result<Self, Error> {
        let (input, _) = rendition.music.input()?;
        let bits = match (rendition.layout.pieces(), rendition.depth) {
            (Pieces::Opus(_), _) | (_, SampleFormat::F32) => None,
            (_, depth) => Some(depth.bits()),
        };
        let enhancer = Enhancer::new(settled, rendition.rate, rendition.source_bits, bits)?;
        let grid = match rendition.layout.pieces() {
            Pieces::Wav { grid, .. } | Pieces::Flac { grid, .. } | Pieces::Hls { grid, .. } => *grid,
            Pieces::Opus(_) => ChunkGrid::new(Frames(rendition.layout.frames()), STEP)?,
        };
        let chunked = Chunked::new(enhancer, input, grid, NO_JOIN);
        Ok(Self { chunked, depth: rendition.depth, next: 0, tail: Vec::new(), tail_from: 0 })
    }

    /// What is wrong with the file as far as it was read, in words.
    pub fn warnings(&self) -> Vec<String> {
        self.chunked.input().warnings()
    }

    /// The piece that goes on where the latest ended.
    pub fn next(&self) -> usize {
        self.next
    }

    /// Makes a piece and hands its bytes over as they come, until `take` has enough; tells whether that was all. Where no bytes
    /// can be handed over yet, `take` is called without any, so that it can stop the work.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn make(
        &mut self,
        rendition: &Rendition,
        index: usize,
        take: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<bool, Error> {
        let complete = match rendition.layout.pieces() {
            Pieces::Wav { .. } => self.wav(index, take),
            Pieces::Flac { blocks, grid } => self.flac(blocks, grid, index, take),
            Pieces::Opus(stream) => self.opus(stream, index, take),
            Pieces::Hls { blocks, grid, .. } => self.segment(blocks, grid, index, take),
        }?;
        self.next = if complete { index + 1 } else { usize::MAX };
        Ok(complete)
    }

    fn wav(&mut self, index: usize, mut take: impl FnMut(&[u8]) -> ControlFlow<()>) -> Result<bool, Error> {
        let Self { chunked, depth, .. } = self;
        let mut bytes = Vec::new();
        let made = chunked.make(index, |block| {
            bytes.clear();
            pcm::pack(block.as_flattened(), *depth, &mut bytes);
            take(&bytes)
        })?;
        Ok(made.complete)
    }

    fn flac(
        &mut self,
        blocks: &flac::BlockEncoder,
        grid: &ChunkGrid,
        index: usize,
        mut take: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<bool, Error> {
        let Self { chunked, depth, .. } = self;
        let Some(span) = grid.span(index) else { return Ok(true) };
        let (mut packed, mut bytes) = (Vec::new(), Vec::new());
        let (mut first, mut frames, mut failure) = (span.start, 0, None);
        let made = chunked.make(index, |block| {
            pcm::pack(block.as_flattened(), *depth, &mut packed);
            frames += block.len();
            if frames < FLAC_FRAMES && first + (frames as u64) < span.end {
                return ControlFlow::Continue(());
            }
            bytes.clear();
            if let Err(error) = blocks.encode(first, &packed, &mut bytes) {
                failure = Some(error);
                return ControlFlow::Break(());
            }
            first += frames as u64;
            frames = 0;
            packed.clear();
            take(&bytes)
        })?;
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(made.complete),
        }
    }

    /// An HLS segment, whose bytes are known when all of its frames are encoded.
    fn segment(
        &mut self,
        blocks: &flac::BlockEncoder,
        grid: &ChunkGrid,
        index: usize,
        mut take: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<bool, Error> {
        let Some(span) = grid.span(index) else { return Ok(true) };
        let (mut packed, mut data, mut samples) = (Vec::new(), Vec::new(), Vec::new());
        let (mut first, mut frames, mut failure) = (span.start, 0, None);
        let Self { chunked, depth, .. } = self;
        let made = chunked.make(index, |block| {
            pcm::pack(block.as_flattened(), *depth, &mut packed);
            frames += block.len();
            if frames < FLAC_FRAMES && first + (frames as u64) < span.end {
                return ControlFlow::Continue(());
            }
            let encoded = blocks.encode_each(first, &packed, &mut data, |bytes, duration| {
                samples.push(MediaSample { bytes: bytes as u32, duration: duration as u32 });
            });
            if let Err(error) = encoded {
                failure = Some(error);
                return ControlFlow::Break(());
            }
            first += frames as u64;
            frames = 0;
            packed.clear();
            take(&[])
        })?;
        if let Some(error) = failure {
            return Err(error.into());
        }
        if !made.complete {
            return Ok(false);
        }
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let segment = MediaSegment { number, start: span.start, samples: &samples, data: &data };
        Ok(take(&segment.bytes()?).is_continue())
    }

    fn opus(
        &mut self,
        stream: &opus::Stream,
        index: usize,
        mut take: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<bool, Error> {
        let Some(span) = stream.span(index as u64) else { return Ok(true) };
        let mut encoder = stream.encoder(index as u64)?;
        let mut bytes = Vec::new();
        let mut at = span.frames.start;
        // The frames from here on are kept for the next span.
        let keep = stream.span(index as u64 + 1).map_or(u64::MAX, |next| next.frames.start);
        let tail = std::mem::take(&mut self.tail);
        let mut held = Vec::new();
        let mut put = |first: u64, block: &[[f32; 2]], at: &mut u64| -> Result<ControlFlow<()>, Error> {
            if let Some(kept) = block.get(usize::try_from(keep.saturating_sub(first)).unwrap_or(usize::MAX)..) {
                held.extend_from_slice(kept);
            }
            let end = (first + block.len() as u64).min(span.frames.end);
            if end <= *at {
                return Ok(ControlFlow::Continue(()));
            }
            let wanted = block.get((*at - first) as usize..(end - first) as usize).unwrap_or_default();
            bytes.clear();
            encoder.push(wanted.as_flattened(), &mut bytes)?;
            *at = end;
            Ok(if bytes.is_empty() { ControlFlow::Continue(()) } else { take(&bytes) })
        };
        if (self.tail_from..self.tail_from + tail.len() as u64).contains(&at)
            && put(self.tail_from, &tail, &mut at)?.is_break()
        {
            return Ok(false);
        }
        while at < span.frames.end {
            let mut first = at - at % STEP.0;
            let (mut failure, mut enough) = (None, false);
            self.chunked.make((at / STEP.0) as usize, |block| {
                let put = put(first, block, &mut at);
                first += block.len() as u64;
                match put {
                    // The step is made to its end: the next goes on from there.
                    Ok(flow) => enough |= flow.is_break(),
                    Err(error) => failure = Some(error),
                }
                ControlFlow::Continue(())
            })?;
            if let Some(error) = failure {
                return Err(error);
            }
            if enough {
                return Ok(false);
            }
        }
        self.tail = held;
        self.tail_from = keep;
        Ok(true)
    }
}
