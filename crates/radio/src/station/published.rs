//! What listeners can fetch.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::segment::Segment;
use crate::item::ItemKind;
use crate::program::Reason;

/// What listeners can fetch.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// The texts of the playlists by their names; empty before the first segment.
    pub playlists: BTreeMap<String, Arc<str>>,
    /// The segments in the playlists, and some before them, which players may still request.
    pub segments: Vec<Arc<Segment>>,
    /// The number of segments that were published since the station began.
    pub published_segments: u64,
    /// The item that plays at the end of the playlist.
    pub playing: Option<NowPlaying>,
    /// The items after it.
    pub next: Vec<NowPlaying>,
}

/// An item with its time, for players and pages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NowPlaying {
    /// Its number in the program.
    pub number: u64,
    /// The title.
    pub title: String,
    /// The artist.
    pub artist: Option<String>,
    /// The album.
    pub album: Option<String>,
    /// Track, jingle or filler.
    pub kind: ItemKind,
    /// Why it plays.
    pub reason: Reason,
    /// Its start, in seconds after 1970-01-01T00:00:00 UTC.
    pub starts: f64,
    /// Its length.
    pub seconds: f64,
}

impl Published {
    /// The segment with this name.
    pub fn segment(&self, name: &str) -> Option<Arc<Segment>> {
        self.segments.iter().rev().find(|segment| segment.name == name).cloned()
    }
}
