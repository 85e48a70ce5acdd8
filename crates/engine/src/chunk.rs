//! Long tracks, processed a chunk at a time, in any order.
//!
//! A [`ChunkProcessor`] turns sound into sound from left to right and forgets: after its [memory](ChunkProcessor::memory)
//! nobody can hear where it was started. [`Chunked`] makes any chunk of a [`Grid`] with it, whichever is wanted first:
//!
//! * **from the state its predecessor left**, when that chunk has been made: the run goes on, bit for bit, as if there were no
//!   chunks;
//! * **from a pre-roll** otherwise: the frames before the chunk are run through first and thrown away. What comes out lies
//!   within -90 dB of full scale of the whole run. A pre-roll that reaches frame 0 is the whole run.
//!
//! Where a processor [forgets exactly](ChunkProcessor::forgets_exactly) that is all: any chunk is the whole run's, bit for
//! bit, whoever makes it and when. Where it forgets only by ear, chunks have to be kept together. A chunk that was begun from
//! a pre-roll is begun so again: as long as the `Chunked` lives, a chunk has the same samples each time it is made. So the end
//! of a chunk that is made after its successor has to meet a beginning that was made from other state. There the two runs
//! overlap: in the last second of the earlier chunk the earlier run fades out while the later chunk's own pre-roll fades in,
//! with gains whose sum is 1.
//!
//! Frames in are frames out: latency is taken away, the last chunk may be short, and what a processor still owes at the end
//! of the track is drawn out of it with silence. A frame that is not a finite number becomes silence and is counted before
//! any processor sees it.
//!
//! Memory: two blocks of 4,096 frames and a state for each chunk made, or only the latest where the processor forgets exactly;
//! no chunk is ever held as a whole. Making chunks in order reads each frame of the track once and seeks once. It runs on the
//! caller's thread, which is not an audio thread.
//!
//! ```
//! use std::ops::ControlFlow;
//! use crowd_engine::chunk::{Chunked, Grid};
//! use crowd_engine::dsp::mastering::{Mastering, MasteringSettings};
//! use crowd_engine::{Frames, SampleRate, feed};
//!
//! /// Three seconds of a constant.
//! struct Constant(u64);
//!
//! impl feed::Input for Constant {
//!     fn seek(&mut self, frame: u64) -> Result<(), feed::Fault> {
//!         self.0 = frame;
//!         Ok(())
//!     }
//!
//!     fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> Result<bool, feed::Fault> {
//!         frames.extend([[0.25; 2]; 4_410]);
//!         self.0 += 4_410;
//!         Ok(self.0 < 132_300)
//!     }
//! }
//!
//! # fn main() -> crowd_engine::Result<()> {
//! let rate = SampleRate::CD;
//! let grid = Grid::standard(Frames::from_seconds(3.0, rate), rate);
//! let mastering = Mastering::new(&MasteringSettings::default(), rate)?;
//! let mut chunked = Chunked::new(mastering, Constant(0), grid, Frames::from_seconds(1.0, rate));
//! // The second chunk first, as after a seek.
//! for index in [1, 0] {
//!     let mut frames = 0;
//!     chunked.make(index, |block| {
//!         frames += block.len();
//!         ControlFlow::Continue(())
//!     })?;
//!     assert_eq!(grid.span(index).map(|span| span.count()), Some(frames));
//! }
//! # Ok(())
//! # }
//! ```

mod grid;
mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use crate::error::{Error, Result};
use crate::feed::Input;
use crate::units::Frames;
pub use grid::Grid;
use reader::Reader;

/// Frames that are processed at once.
const BLOCK: usize = Grid::ALIGN.0 as usize;

/// Turns stereo sound into stereo sound, from left to right, on the time line of a track.
///
/// **A clone is a snapshot**: it goes on from where the original was, sample for sample. Tables belong into an `Arc`, so that a
/// snapshot costs what the state costs. A processor must not depend on how its input is split into blocks, and what it does
/// in blocks of its own (hops, frames of an FFT) it does on absolute multiples of their length.
pub trait ChunkProcessor: Clone {
    /// Processes a block in place. `first` is the frame of the track the block's first frame is; blocks follow each other
    /// without a gap from wherever the processor was started, which is a multiple of [`Grid::ALIGN`]. What comes out went in
    /// [`latency`](Self::latency) frames earlier. All input is finite, and so must be what comes out.
    fn process(&mut self, first: Frames, block: &mut [[f32; 2]]);

    /// Frames by which the output is late.
    fn latency(&self) -> Frames;

    /// Frames after which the output of a processor started at rest lies within -90 dB of full scale of one that
    /// has been running since frame 0, whatever came before.
    fn memory(&self) -> Frames;

    /// Whether the output behind the memory *is* that of the run since frame 0, bit for bit. Then chunks made from whatever state
    /// meet as they are.
    fn forgets_exactly(&self) -> bool {
        false
    }

    /// What is done last, behind any join of two runs, and depends on a frame and its place alone: dither, rounding to a word
    /// length. `first` is the frame of the track the first frame of the block is; the latency is already gone.
    fn finish(&self, first: Frames, block: &mut [[f32; 2]]) {
        let _ = (first, block);
    }
}

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
    /// [`Error::OutOfRange`] when there is no such chunk, [`Error::Unreadable`] when the input could not be read. What was
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
    let unreadable = |cause: crate::feed::Fault| Error::Unreadable { frame: Frames(first), cause: cause.to_string() };
    reader.fill(first, block).map_err(unreadable)
}

/// Fades from `block` to `other`, `done` frames into an overlap of `frames`. Where both are equal, nothing changes.
fn crossfade(block: &mut [[f32; 2]], other: &[[f32; 2]], done: u64, frames: u64) {
    for (n, (a, b)) in (done..).zip(block.iter_mut().zip(other)) {
        let turn = std::f64::consts::PI * (n as f64 + 0.5) / frames as f64;
        let share = (0.5 - 0.5 * turn.cos()) as f32;
        *a = std::array::from_fn(|side| a[side] + (b[side] - a[side]) * share);
    }
}
