#![deny(unsafe_code)]
//! The bytes of streams of sound, for any server: playlists and segments of HTTP Live Streaming (HLS), and streams for players without
//! it. This crate reads no files. It opens no sockets, except as a source of an Icecast server with the feature `icecast-client` and as a
//! publisher of an RTMP server with the feature `rtmp-client`, and encodes no sound, except AAC with the feature `aac`.
//!
//! | item | |
//! |---|---|
//! | [`VodPlaylist`] | the media playlist of a track whose length is known (RFC 8216) |
//! | [`LivePlaylist`] | the media playlist of a live stream, whose window moves |
//! | [`MultivariantPlaylist`] | the playlist of several bit rates of a stream |
//! | [`aac`] | AAC-LC frames, ADTS, and an encoder |
//! | [`TsSegment`] | AAC frames as one segment of an MPEG transport stream |
//! | [`H264Clip`] | a clip of H.264 that is repeated without an end |
//! | [`TsVideoSegment`] | AAC frames and such a clip as one segment of an MPEG transport stream |
//! | [`flv`] | AAC frames and pictures as RTMP sends them |
//! | `rtmp` | the connection to an RTMP server (feature `rtmp-client`) |
//! | [`AdtsSegment`] | AAC frames as one segment of packed audio, with a title |
//! | [`Mp4Track`] | a stream of FLAC, Opus or AAC as the track of a fragmented MP4, and its initialization segment |
//! | [`MediaSegment`] | frames of such a track as one media segment |
//! | [`icecast::source`] | the messages of a source that sends a stream to an Icecast server |
//! | [`opus`] | a live stream of Opus in Ogg, for players without HLS |
//! | [`icy`] | titles in a stream of AAC for players without HLS |
//!
//! A player reads the playlist, then the initialization segment, then media segments in any order. Each media segment is independent: its
//! bytes depend only on its frames, its number and its position on the time line.
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
//! - "Encapsulation of Opus in ISO Base Media File Format", version 0.8.1 (opus-codec.org).
//! - RFC 6716, "Definition of the Opus Audio Codec", RFC 7845, "Ogg Encapsulation for the Opus Audio Codec", and RFC 3533, "The Ogg
//!   Encapsulation Format Version 0".
//! - ISO/IEC 14496-1, "Systems" (descriptors in MP4).
//! - RFC 9639, "Free Lossless Audio Codec (FLAC)".
//! - ISO/IEC 14496-3, "Audio" (AAC and ADTS), and ISO/IEC 13818-1, "Systems" (MPEG transport streams).
//! - ITU-T H.264, and ISO/IEC 14496-15, "Carriage of NAL unit structured video".
//! - Adobe, "Real-Time Messaging Protocol (RTMP) specification", version 1.0, and "Adobe Flash Video File Format Specification", version 10.1.

pub mod aac;
#[cfg(any(feature = "icecast-client", feature = "rtmp-client"))]
mod connect;
mod error;
pub mod flv;
mod h264;
pub mod icecast;
pub mod icy;
mod id3;
mod live_playlist;
mod media_time;
mod mp4;
mod mpeg_ts;
mod mpeg_ts_reader;
mod mpeg_ts_video;
mod multivariant_playlist;
pub mod opus;
mod packed_audio;
mod playlist;
#[cfg(feature = "rtmp-client")]
pub mod rtmp;
mod ts_packets;

pub use error::Error;
pub use h264::{H264Clip, H264Picture};
pub use live_playlist::{LivePlaylist, LiveSegment, PlayedItem};
pub use media_time::PICTURE_RATE;
pub use mp4::{MediaSample, MediaSegment, Mp4Track};
pub use mpeg_ts::TsSegment;
pub use mpeg_ts_reader::transport_stream_sound;
pub use mpeg_ts_video::TsVideoSegment;
pub use multivariant_playlist::{Codec, MultivariantPlaylist, Variant};
pub use packed_audio::AdtsSegment;
pub use playlist::{PlaylistSegment, VodPlaylist};
