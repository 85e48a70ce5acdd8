//! Keeps the files open that are read in turn.

use std::collections::VecDeque;

use crowd_engine::SampleRate;
use crowd_library::ContentIndex;

use super::item_sound::ItemSound;
use crate::error::Error;
use crate::item::Item;

/// The number of files that are kept open: those of a crossfade, and the next one.
const OPEN: usize = 3;

/// The open files of the items that were read last.
pub struct SoundCache {
    rate: SampleRate,
    contents: ContentIndex,
    /// The hash of the item, with its sound; the latest first.
    open: VecDeque<(String, ItemSound)>,
}

impl SoundCache {
    /// A cache without open files, for a station with this sample rate.
    pub fn new(rate: SampleRate) -> Self {
        Self { rate, contents: ContentIndex::default(), open: VecDeque::new() }
    }

    /// The sound of an item.
    ///
    /// # Errors
    /// Those of [`ItemSound::open`].
    pub fn sound(&mut self, item: &Item) -> Result<&mut ItemSound, Error> {
        let held = self.open.iter().position(|(hash, _)| *hash == item.hash);
        let entry = match held.and_then(|index| self.open.remove(index)) {
            Some(entry) => entry,
            None => (item.hash.clone(), ItemSound::open(item, self.rate, &self.contents)?),
        };
        self.open.truncate(OPEN - 1);
        self.open.push_front(entry);
        match self.open.front_mut() {
            Some((_, sound)) => Ok(sound),
            None => Err(Error::Invalid("the cache of sounds is empty".to_owned())),
        }
    }
}
