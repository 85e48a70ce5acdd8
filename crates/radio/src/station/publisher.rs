//! Makes segments ahead of time, and lists them when their time has come.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use crowd_engine::Frames;
use crowd_streaming::aac::AacFrame;
use crowd_streaming::{LivePlaylist, LiveSegment, PlayedItem, PlaylistSegment, TsSegment};
use serde::Serialize;

use super::saved_state::{SavedState, StateFolder};
use super::segment_grid::SegmentGrid;
use super::station_program::StationProgram;
use crate::encode::EncodedProgram;
use crate::error::Error;
use crate::item::ItemKind;
use crate::program::PlacedItem;

/// The number of items after the present one that are shown.
const COMING: u64 = 5;

/// The settings of a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StationSettings {
    /// The segments.
    pub grid: SegmentGrid,
    /// The number of segments in the playlist.
    pub window: usize,
}

/// A segment of the stream.
#[derive(Debug)]
pub struct Segment {
    number: u64,
    /// The name in its URL. It contains a hash of the bytes, so a name never stands for other bytes.
    pub name: String,
    /// The bytes of the transport stream.
    pub bytes: Arc<[u8]>,
    listed: LiveSegment,
}

/// What listeners can fetch.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// The text of the playlist; empty before the first segment.
    pub playlist: Arc<str>,
    /// The segments in the playlist, and some before them, which players may still request.
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
    number: u64,
    title: String,
    artist: Option<String>,
    album: Option<String>,
    kind: ItemKind,
    /// Seconds after 1970-01-01T00:00:00 UTC.
    starts: f64,
    seconds: f64,
}

impl Published {
    /// The segment with this name.
    pub fn segment(&self, name: &str) -> Option<Arc<Segment>> {
        self.segments.iter().rev().find(|segment| segment.name == name).cloned()
    }
}

/// Publishes the segments of a program.
pub struct Publisher {
    program: EncodedProgram,
    changes: StationProgram,
    settings: StationSettings,
    state: SavedState,
    folder: StateFolder,
    /// Segments that can be fetched, then segments that are made ahead.
    segments: VecDeque<Arc<Segment>>,
    published: Arc<RwLock<Published>>,
}

impl Publisher {
    /// A publisher that continues from `state`, which is saved in `folder`.
    pub fn new(
        program: EncodedProgram,
        changes: StationProgram,
        settings: StationSettings,
        state: SavedState,
        folder: StateFolder,
    ) -> Self {
        Self { program, changes, settings, state, folder, segments: VecDeque::new(), published: Arc::default() }
    }

    /// What listeners can fetch. It changes with each [`publish`](Self::publish).
    pub fn published(&self) -> Arc<RwLock<Published>> {
        self.published.clone()
    }

    /// Publishes the segments whose time has come when `played` was played. Returns whether there were new ones.
    ///
    /// The number is saved first, so that no other segment is ever published under it. When it cannot be saved, the segments are published
    /// nevertheless, and the error is returned.
    ///
    /// # Errors
    /// Those of making the segments, after which the playlist is unchanged; those of saving the state.
    pub fn publish(&mut self, played: Frames) -> Result<bool, Error> {
        let ended = self.settings.grid.ended(played.0).max(self.state.published_segments);
        if ended == 0 || (ended == self.state.published_segments && !self.segments.is_empty()) {
            return Ok(false);
        }
        let first = ended.saturating_sub(self.settings.window as u64);
        self.make(first..ended)?;
        let saved = if ended > self.state.published_segments {
            self.state.published_segments = ended;
            self.folder.write(&self.state)
        } else {
            Ok(())
        };
        // Segments stay for the duration of the longest playlist after they were removed from it.
        let oldest = first.saturating_sub(self.settings.window as u64 + 1);
        self.segments.retain(|segment| segment.number >= oldest);
        self.list(first..ended)?;
        saved.map(|()| true)
    }

    /// Makes the next segment that is not made yet, at most two windows ahead. Returns whether there was one.
    ///
    /// # Errors
    /// Those of making the segment.
    pub fn make_ahead(&mut self) -> Result<bool, Error> {
        let next = self.segments.back().map_or(self.state.published_segments, |last| last.number + 1);
        if next >= self.state.published_segments + 2 * self.settings.window as u64 {
            return Ok(false);
        }
        self.make(next..next + 1)?;
        Ok(true)
    }

    /// Makes those of the segments that are not made yet.
    fn make(&mut self, numbers: Range<u64>) -> Result<(), Error> {
        // After a pause of the machine the segments in between are not needed.
        if self.segments.back().is_none_or(|last| last.number + 1 < numbers.start) {
            self.segments.clear();
        }
        let next = self.segments.back().map_or(numbers.start, |last| last.number + 1);
        for number in next..numbers.end {
            let segment = self.segment(number)?;
            self.segments.push_back(Arc::new(segment));
        }
        Ok(())
    }

    fn segment(&mut self, number: u64) -> Result<Segment, Error> {
        let grid = self.settings.grid;
        let frames = grid.frames(number);
        let rate = self.program.settings().rate;
        let encoded = self.program.frames(frames.clone())?;
        let bytes = TsSegment { number, first_frame: frames.start, rate, frames: &encoded }.bytes()?;
        let name = format!("{}-{number}.ts", &blake3::hash(&bytes).to_hex()[..16]);
        let segment = PlaylistSegment {
            uri: format!("segments/{name}"),
            duration: grid.time(frames.end) - grid.time(frames.start),
        };
        let time = self.state.epoch() + grid.time(frames.start);
        let listed = LiveSegment { segment, time, discontinuity: false };
        Ok(Segment { number, name, bytes: bytes.into(), listed })
    }

    /// The items that play in these segments.
    fn played(&mut self, numbers: &Range<u64>) -> Vec<PlayedItem> {
        let (grid, epoch) = (self.settings.grid, self.state.epoch());
        let frame = |number: u64| grid.frames(number).start * AacFrame::LENGTH;
        let program = self.program.program();
        let (rate, end) = (program.rate(), frame(numbers.end));
        let items = program.timeline(end).items(frame(numbers.start)..end);
        let played = items.into_iter().map(|placed| PlayedItem {
            id: placed.number.to_string(),
            time: epoch + placed.start.duration(rate),
            duration: placed.frames.duration(rate),
            title: placed.item.display_title(),
        });
        played.collect()
    }

    /// The item that plays at a frame, and the items after it.
    fn playing(&mut self, frame: u64) -> (Option<NowPlaying>, Vec<NowPlaying>) {
        let epoch = self.state.epoch();
        let program = self.program.program();
        let rate = program.rate();
        let timeline = program.timeline(u64::MAX);
        let first = timeline.item_at(frame).number;
        let mut items = (first..=first + COMING).map(|number| {
            let PlacedItem { number, item, start, frames, .. } = timeline.item(number);
            NowPlaying {
                number,
                title: item.title.clone(),
                artist: item.artist.clone(),
                album: item.album.clone(),
                kind: item.kind,
                starts: (epoch + start.duration(rate)).as_secs_f64(),
                seconds: frames.seconds(rate),
            }
        });
        (items.next(), items.collect())
    }

    fn list(&mut self, numbers: Range<u64>) -> Result<(), Error> {
        let fetchable: Vec<_> = self.segments.iter().filter(|segment| segment.number < numbers.end).cloned().collect();
        let listed = fetchable.iter().filter(|segment| segment.number >= numbers.start);
        let items = self.played(&numbers);
        let playlist = LivePlaylist {
            target_duration: self.settings.grid.target_duration(),
            media_sequence: numbers.start,
            discontinuity_sequence: 0,
            map_uri: None,
            items,
            segments: listed.map(|segment| segment.listed.clone()).collect(),
        };
        let end = self.settings.grid.frames(numbers.end).start * AacFrame::LENGTH;
        let (playing, next) = self.playing(end.saturating_sub(1));
        let playlist = playlist.text()?.into();
        let published_segments = numbers.end;
        let published = Published { playlist, segments: fetchable, published_segments, playing, next };
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = published;
        Ok(())
    }
}
