//! Chunks: long tracks, processed a chunk at a time, in any order.
//!
//! A [`ChunkProcessor`] processes sound in the order of time. Its memory is limited: after a number of frames, its
//! [memory](ChunkProcessor::memory), the output no longer depends audibly on the frame at which the processor was started.
//! [`Chunked`] renders any chunk of a [`ChunkGrid`] with such a processor, in any order. There are two ways to start a chunk:
//!
//! * **From the state that the previous chunk left**, if that chunk was rendered. The run continues, bit for bit, as if
//!   there were no chunks.
//! * **From a pre-roll** otherwise. The frames before the chunk are processed first, and their output is discarded. The
//!   output of the chunk differs from that of one run over the whole track by at most -90 dB of full scale. If the pre-roll
//!   starts at frame 0, there is no difference.
//!
//! If a processor [has an exact memory](ChunkProcessor::has_exact_memory), every chunk equals that of one run over the
//! track, bit for bit, whatever the order in which chunks are rendered.
//!
//! Without an exact memory, chunks have to be consistent with each other. A chunk that was started from a pre-roll once is
//! always started from one. So, as long as the `Chunked` exists, a chunk has the same samples each time it is rendered. When
//! a chunk is rendered after the next one, its end is joined to a start from another state. There the two runs overlap: in the
//! last second of the earlier chunk its run fades out, while the run from the later chunk's pre-roll fades in. The sum of
//! their gains is 1.
//!
//! The output has as many frames as the input. Latency is removed, and the last chunk may be short. At the end of the track
//! silence is processed, to get the last frames of output. A frame with a sample that is not a finite number is counted and
//! becomes silence before it is processed.
//!
//! The memory in use is two blocks of 4,096 frames, and a state for each rendered chunk. With an exact memory only the latest
//! state is kept. No chunk is ever in memory as a whole. If chunks are rendered in order, each frame of the track is read
//! once, and there is only one seek. Chunks are rendered on the caller's thread, which must not be an audio thread.
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
