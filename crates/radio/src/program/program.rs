//! What plays, as it is known: each change leaves what was decided before it as it was.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use crowd_engine::{Frames, SampleRate};

use super::placed_item::{PlacedItem, Reason};
use super::plan::Plan;
use super::timeline::{Change, ChangeKind, Timeline};
use super::walk_state::WalkState;
use crate::item::Item;

/// The time from the moment at which a change becomes known to the moment at which it takes effect, in seconds. Until then the sound is the
/// same as without it, so that encoders can change over.
const CHANGE_SECONDS: u64 = 3;

/// The program of a station. It is changed only from a frame on that was not played yet.
#[derive(Debug)]
pub struct Program {
    /// The timelines with the frames from which they are used; the first one from the beginning. There is at least one.
    versions: VecDeque<Version>,
    lost: Vec<Lost>,
}

/// A timeline, and the frame from which it is used.
#[derive(Debug)]
struct Version {
    from: u64,
    timeline: Timeline,
}

/// An item that cannot be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The number of the item in the program.
    pub number: u64,
    /// From this frame on something else plays instead of it.
    pub from: u64,
    /// Whether that is silence, because the filler cannot be played either.
    pub silent: bool,
}

/// The frame at which a change takes effect that became known at the frame `from`.
pub fn effective(from: u64, rate: SampleRate) -> u64 {
    from + CHANGE_SECONDS * u64::from(rate.get())
}

impl Program {
    /// The program of a plan, from a state on.
    pub fn new(state: WalkState, plan: Arc<Plan>) -> Self {
        let timeline = Timeline::new(state, plan, Vec::new());
        Self { versions: VecDeque::from([Version { from: 0, timeline }]), lost: Vec::new() }
    }

    /// The sample rate of the station.
    pub fn rate(&self) -> SampleRate {
        self.newest().rate()
    }

    /// Adds a change that became known at the frame `from`.
    pub fn change(&mut self, from: u64, kind: ChangeKind) {
        if let Some(last) = self.versions.back_mut() {
            last.timeline.shrink();
        }
        let timeline = self.newest().with(Change { frame: effective(from, self.rate()), kind });
        self.versions.push_back(Version { from, timeline });
    }

    /// From `lost.from` on something else plays instead of an item.
    pub fn lose(&mut self, lost: Lost) {
        self.lost.push(lost);
    }

    /// Forgets what is only needed for frames before this one.
    pub fn forget(&mut self, before: u64) {
        while self.versions.get(1).is_some_and(|second| second.from <= before) {
            self.versions.pop_front();
        }
        if let Some(newest) = self.versions.back_mut() {
            newest.timeline.forget(before);
        }
        if let Some(first) = self.versions.front_mut() {
            let number = first.timeline.item_at(before).number;
            self.lost.retain(|lost| lost.number >= number);
        }
    }

    /// The frame from which on the timeline at `frame` is used, and the first frame after it.
    pub fn version(&self, frame: u64) -> Range<u64> {
        let index = self.index(frame);
        let from = self.versions.get(index).map_or(0, |version| version.from);
        from..self.versions.get(index + 1).map_or(u64::MAX, |next| next.from)
    }

    /// The timeline as it was known at a frame.
    pub fn timeline(&mut self, frame: u64) -> &mut Timeline {
        let index = self.index(frame);
        #[allow(clippy::expect_used, reason = "there is always a version, and `index` is one")]
        &mut self.versions.get_mut(index).expect("a program has a timeline").timeline
    }

    /// The timeline with all changes.
    pub fn newest(&self) -> &Timeline {
        #[allow(clippy::expect_used, reason = "`new` makes one, and `forget` leaves one")]
        &self.versions.back().expect("a program has a timeline").timeline
    }

    /// The items of a range as they sound, when the sound of the range was made at `frame`: what is lost is replaced by the filler.
    pub fn sounding(&mut self, items: Vec<PlacedItem>, frame: u64) -> Vec<PlacedItem> {
        if self.lost.is_empty() {
            return items;
        }
        let filler = self.newest().plan().filler().clone();
        let mut sounding = Vec::with_capacity(items.len());
        for placed in items {
            match self.lost(placed.number, frame) {
                None => sounding.push(placed),
                Some(lost) if lost.silent => {}
                Some(_) => replace(&placed, &filler, &mut sounding),
            }
        }
        sounding
    }

    /// The item that is heard at the beginning of this one: the filler if it is lost.
    pub fn sounding_item(&mut self, placed: &PlacedItem) -> Arc<Item> {
        if self.lost(placed.number, placed.start.0).is_some() {
            self.newest().plan().filler().clone()
        } else {
            placed.item.clone()
        }
    }

    /// What plays instead of an item at a frame, if the item cannot be played.
    pub fn lost(&self, number: u64, frame: u64) -> Option<Lost> {
        self.lost.iter().rev().find(|lost| lost.number == number && lost.from <= frame).copied()
    }

    fn index(&self, frame: u64) -> usize {
        self.versions.partition_point(|version| version.from <= frame).saturating_sub(1)
    }
}

/// The filler in the place of an item, as often as it fits.
fn replace(placed: &PlacedItem, filler: &Arc<Item>, into: &mut Vec<PlacedItem>) {
    let end = placed.end().0;
    let mut start = placed.start.0;
    while start < end && filler.frames.0 > 0 {
        let frames = filler.frames.0.min(end - start);
        let fade_out = if start + frames == end { placed.fade_out.0.min(frames) } else { 0 };
        into.push(PlacedItem {
            item: filler.clone(),
            start: Frames(start),
            frames: Frames(frames),
            fade_out: Frames(fade_out),
            reason: Reason::Filler,
            ..placed.clone()
        });
        start += frames;
    }
}
