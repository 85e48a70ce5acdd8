//! What decides which item plays next.

use std::collections::{BTreeMap, VecDeque};

use crowd_engine::Frames;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::placed_item::PlacedItem;
use super::playlist::Position;
use super::schedule::Every;
use super::separation::Recent;
use crate::item::Item;
use crate::mix_point::MixPoint;

/// What decides, together with a plan and the changes of it, which items play next. A walk can be continued from it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WalkState {
    /// The number of the next item.
    pub number: u64,
    /// The frame after the last item.
    pub end: u64,
    /// The length of the last item, and the most frames by which the next one may overlap it. None overlaps an item that faded out.
    pub last: Option<(u64, u64)>,
    /// Where in the last item the next one begins, if their beats are to be together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mix_point: Option<MixPoint>,
    /// The places in the playlists, by their names.
    pub positions: BTreeMap<String, Position>,
    /// How long ago the rules for every number of tracks or minutes were used, by their names.
    pub intervals: BTreeMap<String, Interval>,
    /// The exact times before this one have played. Of the rules with this time, the first `rules_done` have.
    pub times_before: Option<Timestamp>,
    /// See `times_before`.
    pub rules_done: usize,
    /// The tracks that played last.
    pub recent: Recent,
    /// The hashes of the requested items that wait.
    pub requests: VecDeque<String>,
    /// The chunks of generated music that wait.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub chunks: VecDeque<Item>,
    /// The prompt of the last item, if it is a chunk of generated music.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The number of the last chunk that was chosen: the time that it was taken from its buffer.
    #[serde(default)]
    pub last_take: u64,
    /// The number of changes that were applied.
    #[serde(skip)]
    pub changes: usize,
}

/// How long ago a rule was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// The number of tracks since then; `None` if it was never used.
    pub tracks: Option<u64>,
    /// The frame at which its item ended.
    pub end: u64,
}

impl Interval {
    /// Whether the rule has to be used at `frame` again, at a sample rate in Hz.
    pub fn is_due(self, rule: &Every, frame: u64, rate: u32) -> bool {
        let frames = |minutes: u32| u64::from(minutes) * 60 * u64::from(rate);
        rule.tracks.is_some_and(|tracks| self.tracks.is_none_or(|count| count >= u64::from(tracks.get())))
            || rule.minutes.is_some_and(|minutes| frame >= self.end + frames(minutes.get()))
    }
}

impl Every {
    /// The name of the rule, under which it is known after the schedule has changed.
    pub fn name(&self) -> String {
        let number =
            |number: Option<std::num::NonZeroU32>| number.map_or_else(String::new, |number| number.to_string());
        format!("{} {} {}", self.playlist, number(self.tracks), number(self.minutes))
    }
}

impl WalkState {
    /// Of the requested items that wait, those with these hashes stay, in this order.
    pub fn arrange_requests(&mut self, hashes: &[String]) {
        let mut waiting = std::mem::take(&mut self.requests);
        for hash in hashes {
            let index = waiting.iter().position(|waiting| waiting == hash);
            self.requests.extend(index.and_then(|index| waiting.remove(index)));
        }
    }

    /// Continues after an item.
    pub fn pass(&mut self, placed: &PlacedItem) {
        self.number = placed.number + 1;
        self.end = placed.end().0;
        let overlap = if placed.fade_out == Frames(0) { placed.overlap.0 } else { 0 };
        self.last = Some((placed.frames.0, overlap));
        let chunk = placed.item.chunk.as_ref();
        self.prompt = chunk.map(|chunk| chunk.prompt.clone());
        self.last_take = chunk.map_or(self.last_take, |chunk| chunk.take);
        self.mix_point = placed.item.mix_point.filter(|_| placed.frames == placed.item.frames);
    }
}
