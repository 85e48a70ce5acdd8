//! A mastering chain for whole tracks, and what measures them before: loudness, peaks, balance, and how loud the chain will be.
//!
//! # The chain
//!
//! DC blocker, equaliser, compressor, make-up, true-peak limiter, dither. Everything in it is causal, runs on the
//! absolute time of the track and forgets down to the last bit, so a [`Mastering`] is a
//! [`ChunkProcessor`](crowd_engine::chunk::ChunkProcessor) whose chunks are the same bits in any order:
//! [`Chunked`](crowd_engine::chunk::Chunked) makes any part of a track with it. Nothing is measured on the way: what is to
//! depend on the track is measured before, once, and put into [`MasteringSettings`].
//!
//! | stage | |
//! |---|---|
//! | DC blocker | optional: a high-pass of the first order at 5 Hz |
//! | equaliser | five bands, under 200 Hz, to 800 Hz, to 3 kHz, to 8 kHz and above, each with a gain and a width; minimum phase |
//! | compressor | RMS over 10 ms, both channels together, of what lies over a frequency if wanted; soft knee of 6 dB, a share of the uncompressed signal beside it |
//! | make-up | a gain |
//! | mix | what came in, with a gain of its own, beside what was made of it; the DC is gone from both |
//! | limiter | true peaks by ITU-R BS.1770-4, Annex 2; 5.3 ms of look-ahead |
//! | dither | optional: triangular, the same for a frame whenever it is made |
//!
//! With the default settings all but the limiter are bypassed, bit for bit, and so is the limiter for what stays under its
//! ceiling: the DC blocker, too, is off until a setting asks for it.
//!
//! ```
//! use std::ops::ControlFlow;
//! use crowd_engine::chunk::{Chunked, ChunkGrid};
//! use crowd_engine::{Frames, SampleRate, feed};
//! use crowd_mastering::{Mastering, MasteringSettings};
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
//! let mastering = Mastering::new(&MasteringSettings::default(), rate)?;
//! // It forgets exactly, so no two chunks need an overlap.
//! let mut chunked = Chunked::new(mastering, Constant(0), grid, Frames::ZERO);
//! let mut frames = 0;
//! chunked.make(0, |block| {
//!     frames += block.len();
//!     ControlFlow::Continue(())
//! })?;
//! assert_eq!(grid.span(0).map(|span| span.count()), Some(frames));
//! # Ok(())
//! # }
//! ```
//!
//! # Measuring
//!
//! [`measure`] tells what a track measures like, by all of it or by probes, and forecasts how loud a chain will make it; its page has
//! an example. [`loudness`] is what that is made of. The measure of a finished file or piece is [`crowd_media::loudness`].

mod chain;
mod compressor;
mod dc;
mod dither;
mod forget;
pub mod loudness;
pub mod measure;
mod settings;
mod tone;
mod true_peak;

pub use chain::Mastering;
pub use dither::Dither;
pub use settings::{CompressorSettings, MasteringSettings};
