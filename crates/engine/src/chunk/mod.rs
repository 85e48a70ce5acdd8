//! Chunks: long tracks, processed a chunk at a time, in any order.
//!
//! A [`ChunkProcessor`] processes sound in the order of time, and its memory is limited: after its
//! [memory](ChunkProcessor::memory) the output no longer depends audibly on where it was started. [`Chunked`] renders
//! any chunk of a [`ChunkGrid`] with it, in any order:
//!
//! * **from the state that the previous chunk left**, when that chunk was rendered: the run continues, bit for bit, as
//!   if there were no chunks;
//! * **from a pre-roll** otherwise: the frames before the chunk are processed first and discarded. The output is within
//!   -90 dB of full scale of the whole run. A pre-roll that starts at frame 0 is the whole run.
//!
//! Where a processor [has an exact memory](ChunkProcessor::has_exact_memory), every chunk equals that of the whole run,
//! bit for bit, in whatever order chunks are rendered. Otherwise chunks have to be consistent with each other. A chunk
//! that was started from a pre-roll is always started so: as long as the `Chunked` exists, a chunk has the same samples
//! each time it is rendered. So when a chunk is rendered after the next one, its end has to meet a start from another
//! state. There the two runs overlap: in the last second of the earlier chunk its run fades out while the run from the
//! later chunk's pre-roll fades in, with gains whose sum is 1.
//!
//! As many frames come out as go in: latency is removed, the last chunk may be short, and the rest of a processor's
//! output at the end of the track is produced by processing silence. A frame that is not a finite number becomes
//! silence and is counted before any processor gets it.
//!
//! Memory: two blocks of 4,096 frames and a state for each rendered chunk, or only the latest state with an exact
//! memory; no chunk is ever held as a whole. Rendering chunks in order reads each frame of the track once and seeks
//! once. It runs on the caller's thread, which must not be an audio thread.
//!
//! ```
//! use std::ops::ControlFlow;
//! use crowd_engine::chunk::{ChunkGrid, ChunkProcessor, Chunked};
//! use crowd_engine::{Frames, SampleRate, feed};
//!
//! /// Halves the level.
//! #[derive(Clone)]
//! struct Halved;
//!
//! impl ChunkProcessor for Halved {
//!     fn process(&mut self, _first: Frames, block: &mut [[f32; 2]]) {
//!         block.iter_mut().for_each(|frame| *frame = frame.map(|sample| 0.5 * sample));
//!     }
//!
//!     fn latency(&self) -> Frames {
//!         Frames::ZERO
//!     }
//!
//!     fn memory(&self) -> Frames {
//!         Frames::ZERO
//!     }
//! }
//!
//! /// Three seconds of a constant.
//! struct Constant(u64);
//!
//! impl feed::Input for Constant {
//!     fn seek(&mut self, frame: u64) -> Result<(), feed::InputError> {
//!         self.0 = frame;
//!         Ok(())
//!     }
//!
//!     fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> Result<bool, feed::InputError> {
//!         frames.extend([[0.25; 2]; 4_410]);
//!         self.0 += 4_410;
//!         Ok(self.0 < 132_300)
//!     }
//! }
//!
//! # fn main() -> Result<(), crowd_engine::Error> {
//! let rate = SampleRate::CD;
//! let grid = ChunkGrid::standard(Frames::from_seconds(3.0, rate), rate);
//! let mut chunked = Chunked::new(Halved, Constant(0), grid, Frames::from_seconds(1.0, rate));
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

mod chunk_grid;
mod chunk_renderer;
mod input_reader;
mod processor;

pub use chunk_grid::ChunkGrid;
pub use chunk_renderer::{ChunkReport, ChunkStart, Chunked};
pub use processor::ChunkProcessor;
