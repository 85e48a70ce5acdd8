//! Opus in WebM and Matroska (RFC 9559). Of such a file one stream of Opus is read, and nothing else.
//!
//! Its time stamps are rounded to a millisecond and say little: packets follow one another, and each tells how many frames it
//! holds. So all blocks are looked at when a file is opened, which gives the exact length and an index for seeking.

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
