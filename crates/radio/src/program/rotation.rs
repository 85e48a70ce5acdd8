//! A jingle, a number of tracks, the next jingle, and so on without end.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::error::Error;
use crate::item::Item;

/// The order of jingles and tracks. Each item follows from its number alone, so the order continues across the end of the playlist, the
/// end of the jingles, and restarts.
#[derive(Clone, Debug)]
pub struct Rotation {
    jingles: Vec<Arc<Item>>,
    tracks: Vec<Arc<Item>>,
    cycle: NonZeroUsize,
}

impl Rotation {
    /// A rotation that begins with the first jingle, then plays `cycle` tracks, then the next jingle. Without jingles it plays the tracks.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there are no tracks.
    pub fn new(jingles: Vec<Arc<Item>>, tracks: Vec<Arc<Item>>, cycle: NonZeroUsize) -> Result<Self, Error> {
        if tracks.is_empty() {
            return Err(Error::Invalid("there are no tracks to play: add music and run crowd-radio setup".to_owned()));
        }
        Ok(Self { jingles, tracks, cycle })
    }

    /// The item with this number, from 0 on.
    pub fn item(&self, number: u64) -> Arc<Item> {
        let of = |items: &[Arc<Item>], number: u64| items.get((number % items.len().max(1) as u64) as usize).cloned();
        let cycle = self.cycle.get() as u64;
        let (round, place) = (number / (cycle + 1), number % (cycle + 1));
        let item = if self.jingles.is_empty() {
            of(&self.tracks, number)
        } else if place == 0 {
            of(&self.jingles, round)
        } else {
            of(&self.tracks, round * cycle + place - 1)
        };
        #[allow(
            clippy::expect_used,
            reason = "`new` refuses a rotation without tracks, and jingles are used only if there are any"
        )]
        item.expect("a rotation has items")
    }
}
