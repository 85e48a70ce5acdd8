//! The chunks of one track.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::grid::Grid;
use super::processor::ChunkProcessor;
use super::reader::Reader;
use crate::feed::Input;
use crate::types::error::{Error, Result};
use crate::types::units::Frames;

/// Frames that are processed at once.
const BLOCK: usize = Grid::ALIGN.0 as usize;

/// What a chunk was begun with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A run from frame 0 on.
    FirstFrame,
    /// The state the chunk before it left.
    Snapshot,
    /// A processor at rest and the frames before the chunk.
    PreRoll,
}

/// What there is to tell about a chunk that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Made {
    /// What it was begun with.
    pub start: Start,
    /// Frames of input that were silenced because a sample was not a finite number. Each frame of the track counts in one
    /// chunk only: latency moves the first few of a chunk into the one before.
    pub not_finite: u64,
    /// False when whoever took the blocks broke off, be it at the last of them.
    pub complete: bool,
}

/// Makes the chunks of one track, in any order.
pub struct Chunked<P, I> {
    grid: Grid,
    /// Frames of the overlap where chunks made from different state meet.
    join: u64,
    /// The processor as it was given: at rest.
    rest: P,
    reader: Reader<I>,
    /// Chunks that were begun from a pre-roll, and so for good.
    pre_rolled: BTreeSet<usize>,
    /// The state a chunk begins with, where its predecessor has left it.
    states: BTreeMap<usize, P>,
    /// What is being processed, and beside it what it fades into.
    block: Box<[[f32; 2]]>,
    other: Box<[[f32; 2]]>,
}

crate::types::opaque::opaque_debug!(Chunked<P, I>);

impl<P: ChunkProcessor, I: Input> Chunked<P, I> {
    /// Chunks of `input` on `grid`, made by `processor`, which must be at rest. `join` is the length of the overlap where
    /// chunks from different state meet; a second is not heard. A processor that forgets exactly needs none. Frames the input
    /// has behind the grid's end do not count; frames it lacks are silent.
    pub fn new(processor: P, input: I, grid: Grid, join: Frames) -> Self {
        let block = vec![[0.0; 2]; BLOCK].into_boxed_slice();
        Self {
            grid,
            join: if processor.forgets_exactly() { 0 } else { join.0 },
            rest: processor,
            reader: Reader::new(input, grid.frames().0),
            pre_rolled: BTreeSet::new(),
            states: BTreeMap::new(),
            other: block.clone(),
            block,
        }
    }

    /// What the chunks are made of.
    pub fn input(&self) -> &I {
        self.reader.input()
    }

    /// The chunks.
    pub const fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Makes a chunk and hands it over in blocks of 4,096 frames at most. When `take` breaks off, the rest is not made, and no
    /// state is left for the next chunk: that one may then begin from a pre-roll, and the end of this one become a join.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when there is no such chunk, [`Error::Read`] when the input could not be read. What was
    /// handed over until then is right; the chunk can be made again.
    pub fn make(&mut self, index: usize, mut take: impl FnMut(&[[f32; 2]]) -> ControlFlow<()>) -> Result<Made> {
        let Some(span) = self.grid.span(index) else {
            return Err(Error::OutOfRange {
                what: "chunk",
                unit: "",
                value: index as f64,
                low: 0.0,
                high: self.grid.chunks() as f64 - 1.0,
            });
        };
        let latency = self.rest.latency().0;
        let start = self.start(index, span.start);
        let (mut run, mut not_finite) = match self.states.get(&index) {
            Some(state) if start == Start::Snapshot => (state.clone(), 0),
            _ => self.run_in(span.start, span.start)?,
        };
        // Only chunk 0 has frames before its own that no other chunk counts.
        if index > 0 {
            not_finite = 0;
        }
        let next = index + 1;
        let joins = self.pre_rolled.contains(&next);
        let fade = if joins { self.join.min(span.end - span.start) } else { 0 };
        let fade_from = span.end - fade;
        let mut later = None;
        let mut at = span.start;
        while at < span.end {
            let until = if at < fade_from { fade_from } else { span.end };
            let n = (BLOCK as u64).min(until - at) as usize;
            if at == fade_from {
                later = Some(self.run_in(span.end, at)?.0);
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
                return Ok(Made { start, not_finite, complete: false });
            }
        }
        if !joins && span.end < self.grid.frames().0 {
            if self.rest.forgets_exactly() {
                self.states.clear();
            }
            self.states.insert(next, run);
        }
        Ok(Made { start, not_finite, complete: true })
    }

    /// How a chunk is begun.
    fn start(&mut self, index: usize, first: u64) -> Start {
        if self.states.contains_key(&index) {
            Start::Snapshot
        } else if self.pre_roll(first) == 0 {
            Start::FirstFrame
        } else {
            if !self.rest.forgets_exactly() {
                self.pre_rolled.insert(index);
            }
            Start::PreRoll
        }
    }

    /// Where the pre-roll of a chunk begins: early enough for the overlap before the chunk to be settled too.
    fn pre_roll(&self, first: u64) -> u64 {
        let from = first.saturating_sub(self.join.saturating_add(self.rest.memory().0));
        from - from % Grid::ALIGN.0
    }

    /// A run from the pre-roll of the chunk that begins at `chunk`, ready to put out frame `until`; and how many frames were
    /// silenced on the way.
    fn run_in(&mut self, chunk: u64, until: u64) -> Result<(P, u64)> {
        let mut run = self.rest.clone();
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

fn read<I: Input>(reader: &mut Reader<I>, first: u64, block: &mut [[f32; 2]]) -> Result<u64> {
    reader.fill(first, block).map_err(|source| Error::Read { frame: Frames(first), source })
}

/// Fades from `block` to `other`, `done` frames into an overlap of `frames`. Where both are equal, nothing changes.
fn crossfade(block: &mut [[f32; 2]], other: &[[f32; 2]], done: u64, frames: u64) {
    for (n, (a, b)) in (done..).zip(block.iter_mut().zip(other)) {
        let turn = std::f64::consts::PI * (n as f64 + 0.5) / frames as f64;
        let share = (0.5 - 0.5 * turn.cos()) as f32;
        *a = std::array::from_fn(|side| a[side] + (b[side] - a[side]) * share);
    }
}
