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
//! use crowd_engine::chunk::{ChunkProcessor, Chunked, Grid};
//! use crowd_engine::{Frames, SampleRate, feed};
//!
//! /// Half as loud.
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
//! let grid = Grid::standard(Frames::from_seconds(3.0, rate), rate);
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

mod chunked;
mod grid;
mod processor;
mod reader;

pub use chunked::{Chunked, Made, Start};
pub use grid::Grid;
pub use processor::ChunkProcessor;
