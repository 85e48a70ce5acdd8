//! An item at its place in the program.

use std::ops::Range;
use std::sync::Arc;

use crowd_engine::Frames;
use serde::{Deserialize, Serialize};

use crate::item::Item;

/// Why an item plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// It was next in its playlist.
    Playlist,
    /// It was next in its playlist, although an artist or a title plays again too soon. No item of the playlist was allowed.
    Relaxed,
    /// A rule for every number of tracks or minutes.
    Every,
    /// A rule for an exact time.
    Time,
    /// A listener or the operator requested it.
    Request,
    /// It was generated for the station.
    Generated,
    /// It was generated for the station and has played before: there is not enough new music.
    Repeat,
    /// A live source is heard instead of the program.
    Live,
    /// It fills the time before an exact time, or replaces what cannot be played.
    Filler,
}

/// An item with the frames of the program in which it plays. Frames are counted from the beginning of the station.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedItem {
    /// The number of the item in the program, from 0 on.
    pub number: u64,
    /// The item.
    pub item: Arc<Item>,
    /// Its first frame.
    pub start: Frames,
    /// The number of its frames that play.
    pub frames: Frames,
    /// The number of frames at its end in which it fades out, because it does not play to its end.
    pub fade_out: Frames,
    /// The most frames by which its neighbours can overlap it.
    pub overlap: Frames,
    /// Why it plays.
    pub reason: Reason,
}

impl PlacedItem {
    /// An item that plays from its first to its last frame.
    pub fn whole(number: u64, item: Arc<Item>, start: Frames, overlap: Frames, reason: Reason) -> Self {
        let frames = item.frames;
        Self { number, item, start, frames, fade_out: Frames(0), overlap, reason }
    }

    /// The frame after its last.
    pub fn end(&self) -> Frames {
        Frames(self.start.0 + self.frames.0)
    }

    /// Its frames.
    pub fn span(&self) -> Range<u64> {
        self.start.0..self.end().0
    }
}
