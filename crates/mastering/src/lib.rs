//! A mastering chain for whole tracks, and the analysis of tracks: loudness, peaks, balance, and a forecast of the loudness that a chain
//! gives a track.
//!
//! # The chain
//!
//! DC blocker, equaliser, compressor, make-up, true-peak limiter, dither. All stages are causal and depend on the frame numbers of the
//! track. After a known number of frames the output does not depend on earlier input, to the last bit. So a [`Mastering`] is a
//! [`ChunkProcessor`](crowd_engine::chunk::ChunkProcessor) whose chunks have the same bits in whatever order they are made:
//! [`Chunked`](crowd_engine::chunk::Chunked) renders any chunk of a track with it. The chain measures nothing. Values that depend on the
//! track are measured before, and set in [`MasteringSettings`].
//!
//! | stage | |
//! |---|---|
//! | DC blocker | optional: a high-pass of the first order at 5 Hz |
//! | equaliser | five bands, below 200 Hz, to 800 Hz, to 3 kHz, to 8 kHz and above, each with a gain and a width; minimum phase |
//! | compressor | RMS over 10 ms, both channels together, with an optional side-chain high-pass; soft knee of 6 dB; a share of the uncompressed signal is mixed in |
//! | make-up | a gain |
//! | mix | the input after the DC blocker, with a gain of its own, is added to the processed signal |
//! | limiter | true peaks by ITU-R BS.1770-4, Annex 2; 5.3 ms of lookahead |
//! | dither | optional: triangular; the noise of a frame is always the same |
//!
//! With the default settings all stages but the limiter are bypassed, bit for bit. The DC blocker is off until a setting enables it. The
//! limiter passes sound under its ceiling bit for bit.
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
//! // Its memory is exact, so no two chunks need an overlap.
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
//! [`measure`] analyses a track, as a whole or by probes, and forecasts the loudness that a chain gives it; the module's page has an
//! example. [`loudness`] has the types that the analysis uses. The loudness of a finished file or excerpt is measured by
//! [`crowd_media::loudness`].

mod chain;
mod compressor;
mod dc;
mod dither;
mod equaliser;
pub mod loudness;
pub mod measure;
mod settings;
mod state_rounding;
mod true_peak_limiter;

pub use chain::Mastering;
pub use dither::Dither;
pub use settings::{CompressorSettings, MasteringSettings};
