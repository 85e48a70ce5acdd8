//! Opus in WebM and Matroska (RFC 9559). The first Opus track of a file is read, and nothing else.
//!
//! Time stamps are rounded to a millisecond, which is not exact. Packets follow one another, and each gives the number of its frames.
//! So the headers of all blocks are read when a file is opened, which gives the exact length and an index for seeking.

#[cfg(feature = "opus")]
mod block_index;
#[cfg(feature = "opus")]
mod block_scanner;
#[cfg_attr(not(feature = "opus"), allow(dead_code))]
pub(super) mod ebml;
#[cfg(feature = "opus")]
mod reader;
#[cfg(feature = "opus")]
mod tags;
pub(super) mod tracks;

#[cfg(feature = "opus")]
pub(super) use reader::MatroskaReader;
