//! An item at its place in the program.

use std::ops::Range;
use std::sync::Arc;

use crowd_engine::Frames;

use crate::item::Item;

/// An item with the frames of the program in which it plays. Frames are counted from the beginning of the station.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedItem {
    /// The number of the item in the program, from 0 on.
    pub number: u64,
    /// The item.
    pub item: Arc<Item>,
    /// Its first frame.
    pub start: Frames,
}

impl PlacedItem {
    /// The frame after its last.
    pub fn end(&self) -> Frames {
        Frames(self.start.0 + self.item.frames.0)
    }

    /// Its frames.
    pub fn span(&self) -> Range<u64> {
        self.start.0..self.end().0
    }
}
