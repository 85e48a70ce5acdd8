//! A mastering chain: equaliser, compressor, make-up, true-peak limiter, dither.
//!
//! Everything in it is causal, runs on the absolute time of the track and forgets down to the last bit, so a [`Mastering`] is
//! a [`ChunkProcessor`](crate::chunk::ChunkProcessor) whose chunks are the same bits in any order: [`Chunked`](crate::chunk::Chunked) makes any part of a
//! track with it. Nothing is measured on the way: what is to depend on the track is measured before, once, and put into
//! [`MasteringSettings`].
//!
//! | stage | |
//! |---|---|
//! | equaliser | five bands, under 200 Hz, to 800 Hz, to 3 kHz, to 8 kHz and above, each with a gain and a width; minimum phase |
//! | compressor | RMS over 10 ms, both channels together, soft knee of 6 dB, a share of the uncompressed signal beside it |
//! | make-up | a gain |
//! | mix | what came in, with a gain of its own, beside what was made of it |
//! | limiter | true peaks by ITU-R BS.1770-4, Annex 2; 5.3 ms of look-ahead |
//! | dither | optional: triangular, the same for a frame whenever it is made |
//!
//! With the default settings all but the limiter are wires, bit for bit, and the limiter is one for what stays under its
//! ceiling.

mod chain;
mod compressor;
mod dither;
mod forget;
mod settings;
mod tone;
mod true_peak;

pub use chain::Mastering;
pub use dither::Dither;
pub use settings::{CompressorSettings, MasteringSettings};
