//! The order of eviction: the least recently used chunk first, pinned ones last.
//!
//! This is a pure data structure of names and sizes, without files.

use std::collections::{BTreeMap, HashMap};

use crate::chunk_kind::Pinning;
use crate::key::ChunkId;

#[derive(Clone, Copy, Debug)]
struct Entry {
    bytes: u64,
    /// The number of its last use, which is its key in one of the two maps.
    used: u64,
    pinned: bool,
}

/// Chunks in the order of their use, under a cap.
///
/// Of the chunks to which the [`Pinning`] applies, the most recently used ones that fit into its share of the cap are *pinned*. All
/// other chunks are evicted before them.
#[derive(Debug)]
pub struct Lru {
    limit: u64,
    pinning: Pinning,
    entries: HashMap<ChunkId, Entry>,
    /// The chunks that are not pinned, the least recently used one first.
    unpinned: BTreeMap<u64, ChunkId>,
    /// The pinned chunks in the same order.
    pinned: BTreeMap<u64, ChunkId>,
    /// The number of the latest use.
    now: u64,
    bytes: u64,
    pinned_bytes: u64,
    reserved: u64,
}

impl Lru {
    /// No chunks yet, under a cap of `limit` bytes.
    pub fn new(limit: u64, pinning: Pinning) -> Self {
        Self {
            limit,
            pinning,
            entries: HashMap::new(),
            unpinned: BTreeMap::new(),
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

    /// The number of chunks.
    pub fn chunks(&self) -> usize {
        self.entries.len()
    }

    /// The bytes of all chunks, without the reserved ones.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The bytes of the pinned chunks.
    pub const fn pinned_bytes(&self) -> u64 {
        self.pinned_bytes
    }

    /// Whether a chunk is in this list.
    pub fn contains(&self, id: &ChunkId) -> bool {
        self.entries.contains_key(id)
    }

    /// Reserves room for a chunk of `bytes` that is being made. Returns the chunks that are evicted for it.
    pub fn reserve(&mut self, bytes: u64) -> Vec<ChunkId> {
        self.reserved += bytes;
        self.shrink()
    }

    /// Releases reserved room.
    pub fn release(&mut self, bytes: u64) {
        self.reserved = self.reserved.saturating_sub(bytes);
    }

    /// Adds a chunk as the most recently used one, in place of an entry with the same name. Returns the chunks that are evicted for
    /// it. A chunk that is larger than the cap is not added but returned itself.
    pub fn insert(&mut self, id: ChunkId, bytes: u64) -> Vec<ChunkId> {
        self.remove(&id);
        if bytes > self.limit {
            return vec![id];
        }
        self.bytes += bytes;
        self.link(id, bytes);
        self.shrink()
    }

    /// Makes a chunk the most recently used one. Returns whether it is in this list.
    pub fn touch(&mut self, id: &ChunkId) -> bool {
        let Some(entry) = self.entries.get(id).copied() else { return false };
        self.unlink(&entry);
        self.link(*id, entry.bytes);
        true
    }

    /// Removes a chunk. Returns whether it was in this list.
    pub fn remove(&mut self, id: &ChunkId) -> bool {
        let Some(entry) = self.entries.remove(id) else { return false };
        self.unlink(&entry);
        self.bytes -= entry.bytes;
        true
    }

    /// Evicts chunks that have at least `bytes` bytes together, and returns them.
    pub fn evict(&mut self, bytes: u64) -> Vec<ChunkId> {
        let target = self.bytes.saturating_sub(bytes);
        self.shrink_to(target)
    }

    fn link(&mut self, id: ChunkId, bytes: u64) {
        self.now += 1;
        let pinned = (self.pinning.applies)(&id);
        self.entries.insert(id, Entry { bytes, used: self.now, pinned });
        if !pinned {
            self.unpinned.insert(self.now, id);
            return;
        }
        self.pinned.insert(self.now, id);
        self.pinned_bytes += bytes;
        while self.pinned_bytes > self.pinning.capacity(self.limit)
            && let Some((used, oldest)) = self.pinned.pop_first()
        {
            self.unpinned.insert(used, oldest);
            if let Some(entry) = self.entries.get_mut(&oldest) {
                entry.pinned = false;
                self.pinned_bytes -= entry.bytes;
            }
        }
    }

    fn unlink(&mut self, entry: &Entry) {
        if entry.pinned {
            self.pinned.remove(&entry.used);
            self.pinned_bytes -= entry.bytes;
        } else {
            self.unpinned.remove(&entry.used);
        }
    }

    fn shrink(&mut self) -> Vec<ChunkId> {
        self.shrink_to(self.limit.saturating_sub(self.reserved))
    }

    fn shrink_to(&mut self, target: u64) -> Vec<ChunkId> {
        let mut evicted = Vec::new();
        while self.bytes > target
            && let Some((_, &oldest)) = self.unpinned.first_key_value().or_else(|| self.pinned.first_key_value())
        {
            self.remove(&oldest);
            evicted.push(oldest);
        }
        evicted
    }
}

#[cfg(test)]
mod tests;
