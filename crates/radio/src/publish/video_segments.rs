//! The segments of the station with video.

use std::collections::BTreeMap;
use std::sync::Arc;

use crowd_streaming::aac::adts_frames;
use crowd_streaming::{H264Clip, TsVideoSegment, transport_stream_sound};

use crate::station::{Format, Segment, SegmentGrid};

/// Makes segments with video from the station's segments of AAC in MPEG transport streams.
pub(super) struct VideoSegments {
    clip: Arc<H264Clip>,
    grid: SegmentGrid,
    /// The number of pictures in a segment.
    pictures: u64,
    /// The bit rate of the sound.
    bit_rate: u32,
    /// The beginning of the names of segments, which differs for different clips.
    prefix: String,
}

impl VideoSegments {
    /// Segments of the grid, with `pictures` pictures each, and sound of `bit_rate` if there are several.
    pub fn new(clip: Arc<H264Clip>, grid: SegmentGrid, pictures: u64, bit_rate: u32) -> Self {
        let hash = blake3::hash(clip.bytes()).to_hex();
        let prefix = format!("video-{}-", hash.get(..8).unwrap_or_default());
        Self { clip, grid, pictures, bit_rate, prefix }
    }

    /// The name of the playlist whose segments receive video.
    pub fn playlist(&self, playlists: &BTreeMap<String, Arc<str>>) -> String {
        let stream = Format::Ts.playlist();
        let one_of_several = format!("{stream}-{}.m3u8", self.bit_rate);
        if playlists.contains_key(&one_of_several) { one_of_several } else { format!("{stream}.m3u8") }
    }

    /// The name of the segment with video that is made from the one with this URI. It stands for the same bytes for ever, because the name of
    /// a segment without video does so too.
    pub fn name(&self, uri: &str) -> String {
        let name = uri.rsplit_once('/').map_or(uri, |(_, name)| name);
        format!("{}{name}", self.prefix)
    }

    /// The bytes of the segment with this number.
    ///
    /// # Errors
    /// A text for the user, for a segment that has no AAC.
    pub fn bytes(&self, number: u64, segment: &Segment) -> Result<Vec<u8>, String> {
        let sound = transport_stream_sound(&segment.bytes).map_err(|error| error.to_string())?;
        let (rate, frames) = adts_frames(&sound).map_err(|error| error.to_string())?;
        let first_frame = self.grid.frames(number).start;
        let (clip, pictures) = (&*self.clip, self.pictures);
        let segment = TsVideoSegment { number, first_frame, rate, frames: &frames, clip, pictures };
        segment.bytes().map_err(|error| error.to_string())
    }
}
