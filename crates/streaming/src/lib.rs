#![deny(unsafe_code)]
//! The bytes of HTTP Live Streaming, for any server: the text of media playlists, FLAC in fragmented MP4, and AAC in MPEG transport
//! streams. This crate reads no files and opens no sockets. It encodes no sound, except AAC with the feature `aac`.
//!
//! | item | |
//! |---|---|
//! | [`VodPlaylist`] | the media playlist of a track whose length is known (RFC 8216) |
//! | [`LivePlaylist`] | the media playlist of a live stream, whose window moves |
//! | [`aac`] | AAC-LC frames, ADTS, and an encoder |
//! | [`TsSegment`] | AAC frames as one segment of an MPEG transport stream |
//! | [`FlacTrack`] | the properties in the header of a FLAC stream, and the initialization segment made from them |
//! | [`MediaSegment`] | FLAC frames as one media segment |
//!
//! A player reads the playlist, then the initialization segment, then media segments in any order. Each media segment is independent: its
//! bytes depend only on its FLAC frames, its number and its position on the time line.
//!
//! ```
//! use std::time::Duration;
//! use crowd_streaming::{PlaylistSegment, VodPlaylist};
//!
//! # fn main() -> Result<(), crowd_streaming::Error> {
//! let segment = |number: u32, seconds| PlaylistSegment {
//!     uri: format!("{number}.m4s"),
//!     duration: Duration::from_secs_f64(seconds),
//! };
//! let playlist = VodPlaylist { map_uri: "init.mp4".to_owned(), segments: vec![segment(0, 6.0), segment(1, 2.5)] };
//! assert!(playlist.text()?.ends_with("#EXTINF:2.500000000,\n1.m4s\n#EXT-X-ENDLIST\n"));
//! # Ok(())
//! # }
//! ```
//!
//! # Sources
//!
//! - RFC 8216, "HTTP Live Streaming".
//! - ISO/IEC 14496-12, "ISO base media file format". The code that writes a box names its clause.
//! - "Encapsulation of FLAC in ISO Base Media File Format", version 0.0.3, which is part of the FLAC sources (`doc/isoflac.txt`).
//! - RFC 9639, "Free Lossless Audio Codec (FLAC)".
//! - ISO/IEC 14496-3, "Audio" (AAC and ADTS), and ISO/IEC 13818-1, "Systems" (MPEG transport streams).

pub mod aac;
mod box_writer;
mod error;
mod initialization_segment;
mod live_playlist;
mod media_segment;
mod media_time;
mod mpeg_ts;
mod playlist;

pub use error::Error;
pub use initialization_segment::FlacTrack;
pub use live_playlist::{LivePlaylist, LiveSegment, PlayedItem};
pub use media_segment::{MediaSample, MediaSegment};
pub use mpeg_ts::TsSegment;
pub use playlist::{PlaylistSegment, VodPlaylist};
