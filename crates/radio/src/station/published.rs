//! What listeners can fetch.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::segment::Segment;
use crate::item::{Item, ItemKind};
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
    /// The items before the present one, the earliest first.
    pub history: Vec<NowPlaying>,
    /// The item that plays at the end of the playlist.
    pub playing: Option<NowPlaying>,
    /// The items after it.
    pub next: Vec<NowPlaying>,
    /// The longest planned silence between items.
    pub longest_pause: Duration,
    /// The number of items, since the program was started, that could not be played.
    pub lost_items: u64,
    /// The number of segments, since the program was started, that another machine has put first and that are listed instead of those made
    /// here.
    pub adopted_segments: u64,
}

/// An item with its time, for players and pages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NowPlaying {
    /// Its number in the program.
    pub number: u64,
    /// The hash of its file.
    pub item: String,
    /// Its file.
    #[serde(skip)]
    pub file: PathBuf,
    /// The title.
    pub title: String,
    /// The artist.
    pub artist: Option<String>,
    /// The album.
    pub album: Option<String>,
    /// Whether it has a picture, which is at `/covers/{item}`.
    pub cover: bool,
    /// Track, jingle or filler.
    pub kind: ItemKind,
    /// Why it plays.
    pub reason: Reason,
    /// Its start, in seconds after 1970-01-01T00:00:00 UTC.
    pub starts: f64,
    /// Its length; `None` for a live source.
    pub seconds: Option<f64>,
}

impl NowPlaying {
    /// An item that starts at `starts` after 1970-01-01T00:00:00 UTC.
    pub fn new(number: u64, item: &Item, reason: Reason, starts: Duration, length: Option<Duration>) -> Self {
        Self {
            number,
            item: item.hash.clone(),
            file: item.file.clone(),
            title: item.title.clone(),
            artist: item.artist.clone(),
            album: item.album.clone(),
            cover: item.cover,
            kind: item.kind,
            reason,
            starts: starts.as_secs_f64(),
            seconds: length.map(|length| length.as_secs_f64()),
        }
    }
}

impl Published {
    /// The shown item with this hash.
    pub fn item(&self, hash: &str) -> Option<&NowPlaying> {
        let mut items = self.history.iter().chain(&self.playing).chain(&self.next);
        items.find(|item| item.item == hash)
    }

    /// The segment with this name.
    pub fn segment(&self, name: &str) -> Option<Arc<Segment>> {
        self.segments.iter().rev().find(|segment| segment.name == name).cloned()
    }
}
