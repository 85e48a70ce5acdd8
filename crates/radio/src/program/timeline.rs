//! Places the items of the program one after the other.

use std::collections::VecDeque;
use std::ops::Range;

use crowd_engine::{Frames, SampleRate};

use super::placed_item::PlacedItem;
use super::rotation::Rotation;
use super::transition::Transition;

/// The number of items that are kept, so that a search a little backwards need not begin at the first item.
const KEPT: usize = 256;

/// The items of the program with their places. They follow from the rotation and the transition alone.
#[derive(Clone, Debug)]
pub struct Timeline {
    rotation: Rotation,
    transition: Transition,
    rate: SampleRate,
    /// Consecutive items, of which there is at least one. A search continues from them.
    kept: VecDeque<PlacedItem>,
}

impl Timeline {
    /// The timeline of a rotation, whose first item begins at frame 0.
    pub fn new(rotation: Rotation, transition: Transition, rate: SampleRate) -> Self {
        let mut timeline = Self { rotation, transition, rate, kept: VecDeque::new() };
        timeline.restart();
        timeline
    }

    /// The sample rate of the station.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// The longest time for which two items overlap.
    pub fn longest_overlap(&self) -> Frames {
        self.transition.longest_overlap(self.rate)
    }

    /// The item with this number.
    pub fn item(&mut self, number: u64) -> PlacedItem {
        self.search(|kept| kept.number >= number)
    }

    /// The first item that ends after this frame: the one that plays, or the one after a pause.
    pub fn item_at(&mut self, frame: u64) -> PlacedItem {
        self.search(|kept| kept.end().0 > frame)
    }

    /// The items that have a frame in the range, in their order.
    pub fn items(&mut self, range: Range<u64>) -> Vec<PlacedItem> {
        let mut next = self.item_at(range.start);
        let mut items = Vec::new();
        while next.start.0 < range.end {
            let number = next.number + 1;
            items.push(next);
            next = self.item(number);
        }
        items
    }

    /// The first item for which `found` is true. It has to be true for all items after it.
    fn search(&mut self, found: impl Fn(&PlacedItem) -> bool) -> PlacedItem {
        if self.kept.front().is_some_and(|first| first.number > 0 && found(first)) {
            self.restart();
        }
        let index = self.kept.partition_point(|kept| !found(kept));
        if let Some(kept) = self.kept.get(index) {
            return kept.clone();
        }
        loop {
            let next = match self.kept.back() {
                Some(last) => self.after(last),
                None => self.first(),
            };
            if self.kept.len() == KEPT {
                self.kept.pop_front();
            }
            self.kept.push_back(next.clone());
            if found(&next) {
                return next;
            }
        }
    }

    fn restart(&mut self) {
        self.kept.clear();
        self.kept.push_back(self.first());
    }

    fn first(&self) -> PlacedItem {
        PlacedItem { number: 0, item: self.rotation.item(0), start: Frames(0) }
    }

    fn after(&self, placed: &PlacedItem) -> PlacedItem {
        let (number, item) = (placed.number + 1, self.rotation.item(placed.number + 1));
        let start = self.transition.start_after(placed.start, &placed.item, &item, self.rate);
        PlacedItem { number, item, start }
    }
}
