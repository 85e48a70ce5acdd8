//! Rendering the chunks of one track.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::chunk_grid::ChunkGrid;
use super::input_reader::InputReader;
use super::processor::ChunkProcessor;
use crate::feed::Input;
use crate::types::error::{Error, Result};
use crate::types::units::Frames;

/// The number of frames that are processed at once.
const BLOCK: usize = ChunkGrid::ALIGN.0 as usize;

/// The state from which a chunk was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChunkStart {
    /// A new processor at frame 0.
    FirstFrame,
    /// The state that the previous chunk left.
    Snapshot,
    /// A new processor, after the frames before the chunk.
    PreRoll,
}

/// The report on a rendered chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkReport {
    /// The state from which the chunk was started.
    pub start: ChunkStart,
    /// The number of frames of input that were silenced because a sample was not a finite number. Each frame of the track is counted
    /// in only one chunk. Because of the latency, the first few frames of a chunk are counted in the previous chunk.
    pub not_finite: u64,
    /// Whether the whole chunk was rendered. False when the receiver of the blocks returned `Break`, even for the last block.
    pub complete: bool,
}

/// Renders the chunks of one track, in any order.
pub struct Chunked<P, I> {
    grid: ChunkGrid,
    /// The length in frames of the overlap between two chunks that were rendered from different states.
    overlap: u64,
    /// The processor in its initial state.
    initial: P,
    reader: InputReader<I>,
    /// The chunks that were started from a pre-roll once. They are always started from one.
    pre_rolled: BTreeSet<usize>,
    /// The states that rendered chunks have left, by the index of the next chunk.
    states: BTreeMap<usize, P>,
    /// The block that is being processed.
    block: Box<[[f32; 2]]>,
    /// The block of the other run, to which `block` fades in an overlap.
    other: Box<[[f32; 2]]>,
}

crate::types::opaque::opaque_debug!(Chunked<P, I>);

impl<P: ChunkProcessor, I: Input> Chunked<P, I> {
    /// Renders chunks of `input` on `grid` with `processor`, which must be in its initial state.
    ///
    /// `overlap` is the length of the overlap between chunks that were rendered from different states. An overlap of a second is not
    /// audible. A processor with an exact memory needs no overlap. If the input is longer than the grid, the rest is not read. If it
    /// is shorter, the missing frames are silent.
    pub fn new(processor: P, input: I, grid: ChunkGrid, overlap: Frames) -> Self {
        let block = vec![[0.0; 2]; BLOCK].into_boxed_slice();
        Self {
            grid,
            overlap: if processor.has_exact_memory() { 0 } else { overlap.0 },
            initial: processor,
            reader: InputReader::new(input, grid.frames().0),
            pre_rolled: BTreeSet::new(),
            states: BTreeMap::new(),
            other: block.clone(),
            block,
        }
    }

    /// The input.
    pub fn input(&self) -> &I {
        self.reader.input()
    }

    /// The grid of the chunks.
    pub const fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    /// Renders a chunk, and passes it to `take` in blocks of at most 4,096 frames. When `take` returns `Break`, the rest is not
    /// rendered, and no state is left for the next chunk. The next chunk may then start from a pre-roll, and the end of this chunk
    /// becomes an overlap.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when there is no such chunk. [`Error::Read`] when the input could not be read. The blocks before that
    /// error are right, and the chunk can be rendered again.
    pub fn make(&mut self, index: usize, mut take: impl FnMut(&[[f32; 2]]) -> ControlFlow<()>) -> Result<ChunkReport> {
        let Some(span) = self.grid.span(index) else {
            return Err(Error::OutOfRange {
                what: "chunk",
                unit: "",
                value: index as f64,
                low: 0.0,
                high: self.grid.chunks() as f64 - 1.0,
            });
        };
        let latency = self.initial.latency().0;
        let start = self.start(index, span.start);
        let (mut run, mut not_finite) = match self.states.get(&index) {
            Some(state) if start == ChunkStart::Snapshot => (state.clone(), 0),
            _ => self.run_from_pre_roll(span.start, span.start)?,
        };
        // The frames of the pre-roll are counted in earlier chunks. Chunk 0 has no earlier chunk.
        if index > 0 {
            not_finite = 0;
        }
        let next = index + 1;
        let overlaps = self.pre_rolled.contains(&next);
        let fade = if overlaps { self.overlap.min(span.end - span.start) } else { 0 };
        let fade_from = span.end - fade;
        let mut later = None;
        let mut at = span.start;
        while at < span.end {
            let until = if at < fade_from { fade_from } else { span.end };
            let n = (BLOCK as u64).min(until - at) as usize;
            if at == fade_from {
                later = Some(self.run_from_pre_roll(span.end, at)?.0);
            }
            let (block, other) = (&mut self.block[..n], &mut self.other[..n]);
            not_finite += read(&mut self.reader, at + latency, block)?;
            if let Some(later) = &mut later {
                other.copy_from_slice(block);
                later.process(Frames(at + latency), other);
            }
            run.process(Frames(at + latency), block);
            if later.is_some() {
                crossfade(block, other, at - fade_from, fade);
            }
            run.finish(Frames(at), block);
            at += n as u64;
            if take(block).is_break() {
                return Ok(ChunkReport { start, not_finite, complete: false });
            }
        }
        if !overlaps && span.end < self.grid.frames().0 {
            if self.initial.has_exact_memory() {
                self.states.clear();
            }
            self.states.insert(next, run);
        }
        Ok(ChunkReport { start, not_finite, complete: true })
    }

    /// The state from which a chunk is started.
    fn start(&mut self, index: usize, first: u64) -> ChunkStart {
        if self.states.contains_key(&index) {
            ChunkStart::Snapshot
        } else if self.pre_roll(first) == 0 {
            ChunkStart::FirstFrame
        } else {
            if !self.initial.has_exact_memory() {
                self.pre_rolled.insert(index);
            }
            ChunkStart::PreRoll
        }
    }

    /// The first frame of the pre-roll of a chunk. The pre-roll is long enough for the overlap before the chunk, too.
    fn pre_roll(&self, first: u64) -> u64 {
        let from = first.saturating_sub(self.overlap.saturating_add(self.initial.memory().0));
        from - from % ChunkGrid::ALIGN.0
    }

    /// Runs a processor from the pre-roll of the chunk that begins at frame `chunk`, until its next output is frame `until`. Also
    /// returns the number of frames that were silenced.
    fn run_from_pre_roll(&mut self, chunk: u64, until: u64) -> Result<(P, u64)> {
        let mut run = self.initial.clone();
        let mut at = self.pre_roll(chunk);
        let until = until + run.latency().0;
        let mut not_finite = 0;
        while at < until {
            let n = (BLOCK as u64).min(until - at) as usize;
            let block = &mut self.block[..n];
            not_finite += read(&mut self.reader, at, block)?;
            run.process(Frames(at), block);
            at += n as u64;
        }
        Ok((run, not_finite))
    }
}

fn read<I: Input>(reader: &mut InputReader<I>, first: u64, block: &mut [[f32; 2]]) -> Result<u64> {
    reader.fill(first, block).map_err(|source| Error::Read { frame: Frames(first), source })
}

/// Fades from `block` to `other`, `done` frames into an overlap of `frames`. Where both are equal, nothing changes.
fn crossfade(block: &mut [[f32; 2]], other: &[[f32; 2]], done: u64, frames: u64) {
    for (n, (a, b)) in (done..).zip(block.iter_mut().zip(other)) {
        let phase = std::f64::consts::PI * (n as f64 + 0.5) / frames as f64;
        let share = (0.5 - 0.5 * phase.cos()) as f32;
        *a = std::array::from_fn(|side| a[side] + (b[side] - a[side]) * share);
    }
}
