//! A segment, and the source of segments.

use std::sync::Arc;
use std::time::Duration;

use crowd_engine::Frames;
use crowd_streaming::{LiveSegment, Mp4Track, PlaylistSegment};

use super::format::Format;
use super::segment_grid::SegmentGrid;
use crate::encode::ProgramSound;
use crate::error::Error;

/// A file that players fetch.
#[derive(Clone, Debug)]
pub struct Segment {
    /// The name in its URL. It contains a hash of the bytes, so a name never stands for other bytes.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

impl Segment {
    /// A segment with these bytes, whose name ends with `name`.
    pub fn new(format: Format, bytes: Vec<u8>, name: &str) -> Self {
        let name = format!("{}-{name}", blake3::hash(&bytes).to_hex().get(..16).unwrap_or_default());
        Self { name, media_type: format.media_type(), bytes: bytes.into() }
    }

    /// A segment that another machine has made; `None` if its bytes are not those of its name, or the name is none of a segment.
    pub fn with_name(name: String, format: Format, bytes: Vec<u8>) -> Option<Self> {
        let hash = blake3::hash(&bytes).to_hex();
        let is_same = name.split_once('-').is_some_and(|(named, _)| Some(named) == hash.get(..16));
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        (is_same && is_name).then(|| Self { name, media_type: format.media_type(), bytes: bytes.into() })
    }

    /// The initialization segment of a track.
    pub fn initialization(format: Format, track: &Mp4Track) -> Self {
        Self::new(format, track.initialization_segment(), "init.mp4")
    }

    /// Its URI relative to the playlists.
    pub fn uri(&self) -> String {
        format!("segments/{}", self.name)
    }
}

/// A segment with its place in the playlist.
#[derive(Debug)]
pub struct ListedSegment {
    /// The segment.
    pub segment: Arc<Segment>,
    /// Its entry in the playlist.
    pub entry: LiveSegment,
}

impl ListedSegment {
    /// The segment with this number in a program that began at `epoch`.
    pub fn new(segment: Arc<Segment>, number: u64, epoch: Duration, grid: SegmentGrid) -> Self {
        let (time, duration) = (epoch + grid.time(number), grid.time(number + 1) - grid.time(number));
        let entry = PlaylistSegment { uri: segment.uri(), duration };
        Self { segment, entry: LiveSegment { segment: entry, time, discontinuity: false } }
    }
}

/// One stream of segments with its playlist.
#[derive(Clone, Debug)]
pub struct Rendition {
    /// The name of the playlist in its URL.
    pub playlist: String,
    /// The format of the segments.
    pub format: Format,
    /// The initialization segment, for MP4.
    pub initialization: Option<Arc<Segment>>,
}

/// Makes the segments of one encoder, in one or several containers.
pub trait SegmentSource: Send {
    /// The division of the program into segments.
    fn grid(&self) -> SegmentGrid;

    /// The renditions, of which there is at least one.
    fn renditions(&self) -> &[Rendition];

    /// Makes the segment with this number for each rendition. The bytes depend on the number and the program alone.
    ///
    /// # Errors
    /// Those of decoding and encoding.
    fn segments(&mut self, number: u64, sound: &mut ProgramSound) -> Result<Vec<Vec<u8>>, Error>;

    /// Makes what of the segment with this number is before the frame `until`, for players without HLS. They receive live sound before its
    /// segment has ended. The sound is known for a time after `until`.
    ///
    /// # Errors
    /// Those of decoding and encoding.
    fn advance(&mut self, number: u64, until: Frames, sound: &mut ProgramSound) -> Result<(), Error>;

    /// Called from time to time with the frames that were played, to release what is not needed any more.
    fn played(&mut self, played: Frames);
}
