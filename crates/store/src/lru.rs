//! Which chunk is evicted: the least recently used, pinned ones last.
//!
//! A pure structure: it knows names and sizes, and no file.

use std::collections::{BTreeMap, HashMap};

use crate::key::ChunkId;
use crate::kind::Pinning;

#[derive(Clone, Copy, Debug)]
struct Entry {
    bytes: u64,
    /// When it was used last: its place in one of the two orders.
    used: u64,
    pinned: bool,
}

/// Chunks by when they were used, under a cap.
///
/// Chunks to which the [`Pinning`] applies are *pinned* while those used last fit into its share of the cap: everything else is
/// evicted before them.
#[derive(Debug)]
pub struct Lru {
    limit: u64,
    pinning: Pinning,
    entries: HashMap<ChunkId, Entry>,
    /// The two orders, longest ago first.
    loose: BTreeMap<u64, ChunkId>,
    pinned: BTreeMap<u64, ChunkId>,
    now: u64,
    bytes: u64,
    pinned_bytes: u64,
    reserved: u64,
}

impl Lru {
    /// Nothing yet, under a cap of `limit` bytes.
    pub fn new(limit: u64, pinning: Pinning) -> Self {
        Self {
            limit,
            pinning,
            entries: HashMap::new(),
            loose: BTreeMap::new(),
            pinned: BTreeMap::new(),
            now: 0,
            bytes: 0,
            pinned_bytes: 0,
            reserved: 0,
        }
    }

    /// The cap.
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// How many chunks it knows.
    pub fn chunks(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of all of them, without what is reserved.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes of those that are pinned.
    pub const fn pinned_bytes(&self) -> u64 {
        self.pinned_bytes
    }

    /// Whether it is known.
    pub fn contains(&self, id: &ChunkId) -> bool {
        self.entries.contains_key(id)
    }

    /// Keeps room for a chunk of `bytes` that is being made, and says what has to go for it.
    pub fn reserve(&mut self, bytes: u64) -> Vec<ChunkId> {
        self.reserved += bytes;
        self.shrink()
    }

    /// Gives that room back.
    pub fn release(&mut self, bytes: u64) {
        self.reserved = self.reserved.saturating_sub(bytes);
    }

    /// Adds a chunk, or what is known of it anew, as the one used last, and says what has to go for it. One that is larger than
    /// the cap is not added, and is itself what has to go.
    pub fn insert(&mut self, id: ChunkId, bytes: u64) -> Vec<ChunkId> {
        self.remove(&id);
        if bytes > self.limit {
            return vec![id];
        }
        self.bytes += bytes;
        self.place(id, bytes);
        self.shrink()
    }

    /// Makes a chunk the one used last. Whether it is known.
    pub fn touch(&mut self, id: &ChunkId) -> bool {
        let Some(entry) = self.entries.get(id).copied() else { return false };
        self.unplace(&entry);
        self.place(*id, entry.bytes);
        true
    }

    /// Forgets a chunk. Whether it was known.
    pub fn remove(&mut self, id: &ChunkId) -> bool {
        let Some(entry) = self.entries.remove(id) else { return false };
        self.unplace(&entry);
        self.bytes -= entry.bytes;
        true
    }

    /// Forgets chunks of together `bytes` or more, and says which.
    pub fn give_up(&mut self, bytes: u64) -> Vec<ChunkId> {
        let goal = self.bytes.saturating_sub(bytes);
        self.shrink_to(goal)
    }

    fn place(&mut self, id: ChunkId, bytes: u64) {
        self.now += 1;
        let pinned = (self.pinning.applies)(&id);
        self.entries.insert(id, Entry { bytes, used: self.now, pinned });
        if !pinned {
            self.loose.insert(self.now, id);
            return;
        }
        self.pinned.insert(self.now, id);
        self.pinned_bytes += bytes;
        while self.pinned_bytes > self.pinning.room(self.limit)
            && let Some((used, oldest)) = self.pinned.pop_first()
        {
            self.loose.insert(used, oldest);
            if let Some(entry) = self.entries.get_mut(&oldest) {
                entry.pinned = false;
                self.pinned_bytes -= entry.bytes;
            }
        }
    }

    fn unplace(&mut self, entry: &Entry) {
        if entry.pinned {
            self.pinned.remove(&entry.used);
            self.pinned_bytes -= entry.bytes;
        } else {
            self.loose.remove(&entry.used);
        }
    }

    fn shrink(&mut self) -> Vec<ChunkId> {
        self.shrink_to(self.limit.saturating_sub(self.reserved))
    }

    fn shrink_to(&mut self, goal: u64) -> Vec<ChunkId> {
        let mut gone = Vec::new();
        while self.bytes > goal
            && let Some((_, &oldest)) = self.loose.first_key_value().or_else(|| self.pinned.first_key_value())
        {
            self.remove(&oldest);
            gone.push(oldest);
        }
        gone
    }
}

#[cfg(test)]
mod tests;
