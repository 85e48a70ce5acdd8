//! Places the items of the program one after the other.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use crowd_engine::SampleRate;

use super::placed_item::PlacedItem;
use super::plan::Plan;
use super::walk_state::WalkState;
use crate::item::Item;

/// The number of items that are kept, so that a search a little backwards need not begin at the first item.
const KEPT: usize = 256;
/// The number of items between two states that are kept.
const STATE_ITEMS: u64 = 64;
/// The number of states that are kept.
const STATES: usize = 64;

/// A change of what plays.
#[derive(Clone, Debug)]
pub struct Change {
    /// The frame at which it takes effect.
    pub frame: u64,
    /// What changes.
    pub kind: ChangeKind,
}

/// What changes.
#[derive(Clone, Debug)]
pub enum ChangeKind {
    /// The item that plays then ends there.
    Skip,
    /// The item with this hash plays after the one that plays then, and after what was requested before.
    Request(String),
    /// Of the requested items that wait, those with these hashes stay, in this order. The others are removed.
    ArrangeRequests(Vec<String>),
    /// A chunk of generated music plays after those that were added before it.
    Chunk(Box<Item>),
    /// Another plan is used from the next item on.
    Plan(Arc<Plan>),
}

impl ChangeKind {
    /// Changes what waits to be played. A skip and a plan change other things.
    fn apply(&self, state: &mut WalkState) {
        match self {
            Self::Request(hash) => state.requests.push_back(hash.clone()),
            Self::ArrangeRequests(hashes) => state.arrange_requests(hashes),
            Self::Chunk(item) => state.chunks.push_back((**item).clone()),
            Self::Skip | Self::Plan(_) => {}
        }
    }
}

/// The items of the program with their places. They follow from a state, a plan, and the changes of it.
#[derive(Clone, Debug)]
pub struct Timeline {
    first: WalkState,
    plan: Arc<Plan>,
    /// The changes, sorted by their frames.
    changes: Vec<Change>,
    /// Consecutive items. A search continues from them.
    kept: VecDeque<PlacedItem>,
    /// The state after the last of them.
    state: WalkState,
    /// Some states before that, the earliest first.
    states: VecDeque<WalkState>,
}

impl Timeline {
    /// The timeline that begins with the first item after `first`.
    pub fn new(first: WalkState, plan: Arc<Plan>, changes: Vec<Change>) -> Self {
        let first = WalkState { changes: 0, ..first };
        let state = first.clone();
        Self { first, plan, changes, kept: VecDeque::new(), state, states: VecDeque::new() }
    }

    /// The same timeline with another change, whose frame is not before those of the others.
    #[must_use]
    pub fn with(&self, change: Change) -> Self {
        let frame = change.frame;
        let mut other = self.clone();
        other.changes.push(change);
        // Only items that end before the change are the same.
        other.restart(|state| state.end < frame);
        other
    }

    /// Forgets all kept states but the last ones, from which it continues.
    pub fn shrink(&mut self) {
        self.states.drain(..self.states.len().saturating_sub(2));
        self.states.shrink_to_fit();
    }

    /// Forgets the items that end at `frame` or before, and the changes before them.
    pub fn forget(&mut self, frame: u64) {
        let Some(first) = self.states.iter().rev().find(|state| state.end <= frame).cloned() else { return };
        let done = first.changes;
        self.plan = self.plan_after(self.changes.get(..done).unwrap_or_default()).clone();
        self.changes.drain(..done);
        self.states.retain(|state| state.number > first.number);
        self.states.iter_mut().chain([&mut self.state]).for_each(|state| state.changes -= done);
        self.kept.retain(|kept| kept.number >= first.number);
        self.first = WalkState { changes: 0, ..first };
    }

    /// The plan after all changes.
    pub fn plan(&self) -> &Arc<Plan> {
        self.plan_after(&self.changes)
    }

    fn plan_after<'a>(&'a self, changes: &'a [Change]) -> &'a Arc<Plan> {
        let newest = changes.iter().rev().find_map(|change| match &change.kind {
            ChangeKind::Plan(plan) => Some(plan),
            _ => None,
        });
        newest.unwrap_or(&self.plan)
    }

    /// The sample rate of the station.
    pub fn rate(&self) -> SampleRate {
        self.plan.rate()
    }

    /// The number of its first item.
    pub fn first(&self) -> u64 {
        self.first.number
    }

    /// The item with this number, or the first one of the timeline if that has a higher number.
    pub fn item(&mut self, number: u64) -> PlacedItem {
        self.search(|kept| kept.number >= number, |state| state.number <= number)
    }

    /// The first item that ends after this frame: the one that plays, or the one after a pause.
    pub fn item_at(&mut self, frame: u64) -> PlacedItem {
        self.search(|kept| kept.end().0 > frame, |state| state.end <= frame)
    }

    /// The state after the last item that ends at `frame` or before.
    pub fn state_at(&mut self, frame: u64) -> WalkState {
        let number = self.item_at(frame).number;
        self.state_before(number)
    }

    /// The state before the item with this number.
    fn state_before(&mut self, number: u64) -> WalkState {
        self.restart(|state| state.number <= number);
        while self.state.number < number {
            self.step();
        }
        self.state.clone()
    }

    /// The hashes of the requested items that wait while the item at `frame` plays, with all changes, in the order in which they play.
    pub fn waiting_requests(&mut self, frame: u64) -> VecDeque<String> {
        let number = self.item_at(frame).number + 1;
        let mut state = self.state_before(number);
        for change in self.changes.get(state.changes..).unwrap_or_default() {
            change.kind.apply(&mut state);
        }
        state.requests
    }

    /// The number of chunks of generated music that are not chosen for the items that end at `frame` or before.
    pub fn waiting_chunks(&mut self, frame: u64) -> usize {
        let state = self.state_at(frame);
        let coming = self.changes.get(state.changes..).unwrap_or_default();
        state.chunks.len() + coming.iter().filter(|change| matches!(change.kind, ChangeKind::Chunk(_))).count()
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

    /// The first item for which `found` is true. It has to be true for all items after it. `before` tells for which states no such item
    /// was before them.
    fn search(&mut self, found: impl Fn(&PlacedItem) -> bool, before: impl Fn(&WalkState) -> bool) -> PlacedItem {
        let usable = match self.kept.front() {
            Some(first) => first.number == self.first.number || !found(first),
            None => before(&self.state),
        };
        if !usable {
            self.restart(before);
        }
        let index = self.kept.partition_point(|kept| !found(kept));
        if let Some(kept) = self.kept.get(index) {
            return kept.clone();
        }
        loop {
            let next = self.step();
            if found(&next) {
                return next;
            }
        }
    }

    /// Continues from the last kept state for which `usable` is true.
    fn restart(&mut self, usable: impl Fn(&WalkState) -> bool) {
        self.kept.clear();
        while self.states.back().is_some_and(|state| !usable(state)) {
            self.states.pop_back();
        }
        self.state = self.states.back().unwrap_or(&self.first).clone();
    }

    fn step(&mut self) -> PlacedItem {
        if self.state.number.is_multiple_of(STATE_ITEMS)
            && self.states.back().is_none_or(|last| last.number < self.state.number)
        {
            if self.states.len() == STATES {
                self.states.pop_front();
            }
            self.states.push_back(self.state.clone());
        }
        while let Some(change) = self.changes.get(self.state.changes).filter(|change| change.frame <= self.state.end) {
            self.state.changes += 1;
            change.kind.apply(&mut self.state);
        }
        let (done, coming) = self.changes.split_at(self.state.changes);
        let skips = coming.iter().filter(|change| matches!(change.kind, ChangeKind::Skip)).map(|change| change.frame);
        let plan = self.plan_after(done).clone();
        let placed = plan.next(&mut self.state, skips);
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(placed.clone());
        placed
    }
}
