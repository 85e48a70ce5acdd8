//! Makes the chunks of a rendition.

use std::ops::ControlFlow;

use crowd_engine::Frames;
use crowd_engine::chunk::{ChunkGrid, Chunked};
use crowd_engine::feed::{FileInput, Input};
use crowd_media::{SampleFormat, flac, opus, pcm};
use crowd_streaming::{MediaSample, MediaSegment};

use crate::error::Error;
use crate::layout::ChunkEncoding;
use crate::master::{Enhancer, ResolvedTreatment};
use crate::rendition::Rendition;

/// The overlap of two chunks, in which they would be crossfaded if they differed. The memory of an [`Enhancer`] is exact, so they do not
/// differ and need no overlap.
const NO_OVERLAP: Frames = Frames(0);
/// FLAC frames are encoded in groups of this many audio frames.
const FLAC_FRAMES: usize = 16 * ChunkGrid::ALIGN.0 as usize;
/// The length of the chunks in which frames are mastered for an Opus stream. The spans of the stream itself do not begin and end on
/// multiples of any length.
const OPUS_GRID: Frames = Frames(4 * ChunkGrid::ALIGN.0);

/// A decoder, then a mastering chain, then an encoder. The chunk after the one that was made last needs no pre-roll. Any other chunk is
/// made with a pre-roll. The bytes of a chunk are the same in both cases.
pub struct Maker {
    chunked: Chunked<Enhancer, FileInput>,
    sample_format: SampleFormat,
    next: usize,
    /// The frames at the end of the last Opus span that the next span needs too.
    overlap: Vec<[f32; 2]>,
    /// The position of the first of these frames in the track.
    overlap_start: u64,
}

impl Maker {
    /// A maker of a rendition whose treatment is resolved.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn new(rendition: &Rendition, treatment: &ResolvedTreatment) -> Result<Self, Error> {
        let (input, _) = rendition.music.input()?;
        let bits = match (rendition.layout.encoding(), rendition.sample_format) {
            (ChunkEncoding::Opus(_), _) | (_, SampleFormat::F32) => None,
            (_, sample_format) => Some(sample_format.bits()),
        };
        let enhancer = Enhancer::new(treatment, rendition.rate, rendition.source_bits, bits)?;
        let grid = match rendition.layout.encoding() {
            ChunkEncoding::Wav { grid, .. } | ChunkEncoding::Flac { grid, .. } | ChunkEncoding::Hls { grid, .. } => {
                *grid
            }
            ChunkEncoding::Opus(_) => ChunkGrid::new(Frames(rendition.layout.frames()), OPUS_GRID)?,
        };
        let chunked = Chunked::new(enhancer, input, grid, NO_OVERLAP);
        Ok(Self { chunked, sample_format: rendition.sample_format, next: 0, overlap: Vec::new(), overlap_start: 0 })
    }

    /// The faults of the file as far as it was read, in words.
    pub fn warnings(&self) -> Vec<String> {
        self.chunked.input().warnings()
    }

    /// The chunk after the one that was made last.
    pub fn next(&self) -> usize {
        self.next
    }

    /// Makes a chunk, and passes its bytes to `take` as they are made, until `take` breaks. Returns whether the chunk is complete. While
    /// there are no bytes to pass yet, `take` is called with an empty slice, so that it can stop the work.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn make(
        &mut self,
        rendition: &Rendition,
        index: usize,
        take: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<bool, Error> {
        let complete = match rendition.layout.encoding() {
            ChunkEncoding::Wav { .. } => self.wav(index, take),
            ChunkEncoding::Flac { blocks, grid } => self.flac(blocks, grid, index, take),
            ChunkEncoding::Opus(stream) => self.opus(stream, index, take),
            ChunkEncoding::Hls { blocks, grid, .. } => self.segment(blocks, grid, index, take),
        }?;
        self.next = if complete { index + 1 } else { usize::MAX };
        Ok(complete)
    }

    fn wav(&mut self, index: usize, mut take: impl FnMut(&[u8]) -> ControlFlow<()>) -> Result<bool, Error> {
        let Self { chunked, sample_format, .. } = self;
        let mut bytes = Vec::new();
        let made = chunked.make(index, |block| {
            bytes.clear();
            pcm::pack(block.as_flattened(), *sample_format, &mut bytes);
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
        let Self { chunked, sample_format, .. } = self;
        let Some(span) = grid.span(index) else { return Ok(true) };
        let (mut packed, mut bytes) = (Vec::new(), Vec::new());
        let (mut first, mut frames, mut failure) = (span.start, 0, None);
        let made = chunked.make(index, |block| {
            pcm::pack(block.as_flattened(), *sample_format, &mut packed);
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

    /// Makes an HLS segment. Its bytes are known only when all of its frames are encoded, because the sizes of the FLAC blocks come first.
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
        let Self { chunked, sample_format, .. } = self;
        let made = chunked.make(index, |block| {
            pcm::pack(block.as_flattened(), *sample_format, &mut packed);
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
        let keep_from = stream.span(index as u64 + 1).map_or(u64::MAX, |next| next.frames.start);
        let overlap = std::mem::take(&mut self.overlap);
        let mut kept = Vec::new();
        let mut put = |first: u64, block: &[[f32; 2]], at: &mut u64| -> Result<ControlFlow<()>, Error> {
            if let Some(shared) = block.get(usize::try_from(keep_from.saturating_sub(first)).unwrap_or(usize::MAX)..) {
                kept.extend_from_slice(shared);
            }
            let end = (first + block.len() as u64).min(span.frames.end);
            if end <= *at {
                return Ok(ControlFlow::Continue(()));
            }
            let frames = block.get((*at - first) as usize..(end - first) as usize).unwrap_or_default();
            bytes.clear();
            encoder.push(frames.as_flattened(), &mut bytes)?;
            *at = end;
            Ok(if bytes.is_empty() { ControlFlow::Continue(()) } else { take(&bytes) })
        };
        if (self.overlap_start..self.overlap_start + overlap.len() as u64).contains(&at)
            && put(self.overlap_start, &overlap, &mut at)?.is_break()
        {
            return Ok(false);
        }
        while at < span.frames.end {
            let mut first = at - at % OPUS_GRID.0;
            let (mut failure, mut stopped) = (None, false);
            self.chunked.make((at / OPUS_GRID.0) as usize, |block| {
                let flow = put(first, block, &mut at);
                first += block.len() as u64;
                match flow {
                    // The chunk of the grid is made to its end even if `take` breaks, so that the next one needs no pre-roll.
                    Ok(flow) => stopped |= flow.is_break(),
                    Err(error) => failure = Some(error),
                }
                ControlFlow::Continue(())
            })?;
            if let Some(error) = failure {
                return Err(error);
            }
            if stopped {
                return Ok(false);
            }
        }
        self.overlap = kept;
        self.overlap_start = keep_from;
        Ok(true)
    }
}
