//! Fragmented MP4 with one track of FLAC, Opus or AAC.

mod box_writer;
mod initialization_segment;
mod media_segment;
mod sample_entry;
mod track;

pub use media_segment::{MediaSample, MediaSegment};
pub use track::Mp4Track;
