//! Which chunk has to go: the one that was not used for longest, beginnings last.
//!
//! A pure structure: it knows names and sizes, and no file.

use std::collections::{BTreeMap, HashMap};

use super::ChunkId;

/// What of the cap beginnings may hold for themselves: one part in this many.
const PINNED_SHARE: u64 = 4;

#[derive(Clone, Copy, Debug)]
struct Entry {
    bytes: u64,
    /// When it was used last: its place in one of the two orders.
    used: u64,
    pinned: bool,
}

/// Chunks by when they were used, under a cap.
///
/// The first chunk of a rendition is what a listener waits for. Those used last are *pinned*: as long as they fit into a
/// quarter of the cap, everything else goes before them.
#[derive(Debug)]
pub struct Lru {
    limit: u64,
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
    pub fn new(limit: u64) -> Self {
        Self {
            limit,
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
        let pinned = id.index == 0;
        self.entries.insert(id, Entry { bytes, used: self.now, pinned });
        if !pinned {
            self.loose.insert(self.now, id);
            return;
        }
        self.pinned.insert(self.now, id);
        self.pinned_bytes += bytes;
        while self.pinned_bytes > self.limit / PINNED_SHARE
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
mod tests {
    use proptest::prelude::*;

    use super::super::RenditionKey;
    use super::*;

    fn id(rendition: u8, index: u32) -> ChunkId {
        ChunkId { rendition: RenditionKey([rendition; 32]), index }
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first_and_beginnings_last() {
        let mut lru = Lru::new(100);
        assert!(lru.insert(id(1, 0), 10).is_empty());
        for index in 1..10 {
            assert!(lru.insert(id(1, index), 10).is_empty());
        }
        assert!(lru.touch(&id(1, 1)));
        assert_eq!(lru.insert(id(2, 5), 20), [id(1, 2), id(1, 3)]);
        assert_eq!(lru.reserve(70), [4, 5, 6, 7, 8, 9, 1].map(|index| id(1, index)));
        assert_eq!(lru.reserve(5), [id(2, 5)], "a beginning stays while anything else can go");
        assert_eq!(lru.reserve(20), [id(1, 0)], "and goes when nothing else can");
        lru.release(95);
        assert!(lru.insert(id(1, 0), 10).is_empty());
    }

    #[test]
    fn beginnings_beyond_a_quarter_of_the_cap_are_chunks_like_any_other() {
        let mut lru = Lru::new(100);
        for rendition in 0..4 {
            lru.insert(id(rendition, 0), 10);
        }
        assert_eq!(lru.pinned_bytes(), 20);
        assert_eq!(lru.insert(id(9, 1), 70), [id(0, 0)], "the older ones have lost their pin");
        assert!(lru.touch(&id(1, 0)), "one that is used gets it back");
        assert_eq!(lru.insert(id(9, 2), 10), [id(2, 0)], "and the one not used for longest loses it");
    }

    #[test]
    fn a_chunk_larger_than_the_cap_takes_nothing_elses_place() {
        let mut lru = Lru::new(100);
        lru.insert(id(1, 1), 60);
        assert_eq!(lru.insert(id(2, 1), 101), [id(2, 1)]);
        assert!(lru.contains(&id(1, 1)) && !lru.contains(&id(2, 1)));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(ChunkId, u64),
        Touch(ChunkId),
        Remove(ChunkId),
        Reserve(u64),
        Release,
    }

    fn step() -> impl Strategy<Value = Step> {
        let chunk = || (0..6_u8, 0..4_u32).prop_map(|(rendition, index)| id(rendition, index));
        prop_oneof![
            4 => (chunk(), 1..120_u64).prop_map(|(id, bytes)| Step::Insert(id, bytes)),
            4 => chunk().prop_map(Step::Touch),
            1 => chunk().prop_map(Step::Remove),
            1 => (0..60_u64).prop_map(Step::Reserve),
            1 => Just(Step::Release),
        ]
    }

    /// The same policy in the plainest way: a list, last used at its end.
    #[derive(Default)]
    struct Model {
        list: Vec<(ChunkId, u64, bool)>,
        reserved: u64,
    }

    impl Model {
        fn used(&mut self, id: ChunkId, bytes: u64) {
            self.list.retain(|entry| entry.0 != id);
            self.list.push((id, bytes, id.index == 0));
            let mut room = 25;
            for entry in self.list.iter_mut().rev().filter(|entry| entry.2) {
                room -= i64::try_from(entry.1).unwrap();
                entry.2 = room >= 0;
            }
        }

        fn shrink(&mut self) -> Vec<ChunkId> {
            let mut gone = Vec::new();
            while !self.list.is_empty() && self.list.iter().map(|entry| entry.1).sum::<u64>() + self.reserved > 100 {
                let at = self.list.iter().position(|entry| !entry.2).unwrap_or(0);
                gone.push(self.list.remove(at).0);
            }
            gone
        }
    }

    proptest! {
        #[test]
        fn any_sequence_of_uses_evicts_what_a_plain_list_would(steps in prop::collection::vec(step(), 1..200)) {
            let (mut lru, mut model) = (Lru::new(100), Model::default());
            for step in steps {
                match step {
                    Step::Insert(id, bytes) if bytes > 100 => {
                        model.list.retain(|entry| entry.0 != id);
                        prop_assert_eq!(lru.insert(id, bytes), vec![id]);
                    }
                    Step::Insert(id, bytes) => {
                        model.used(id, bytes);
                        prop_assert_eq!(lru.insert(id, bytes), model.shrink());
                    }
                    Step::Touch(id) => {
                        let known = model.list.iter().find(|entry| entry.0 == id).copied();
                        prop_assert_eq!(lru.touch(&id), known.is_some());
                        if let Some((_, bytes, _)) = known {
                            model.used(id, bytes);
                        }
                    }
                    Step::Remove(id) => {
                        prop_assert_eq!(lru.remove(&id), model.list.iter().any(|entry| entry.0 == id));
                        model.list.retain(|entry| entry.0 != id);
                    }
                    Step::Reserve(bytes) => {
                        model.reserved += bytes;
                        prop_assert_eq!(lru.reserve(bytes), model.shrink());
                    }
                    Step::Release => {
                        lru.release(model.reserved);
                        model.reserved = 0;
                    }
                }
                prop_assert_eq!(lru.chunks(), model.list.len());
                prop_assert_eq!(lru.bytes(), model.list.iter().map(|entry| entry.1).sum::<u64>());
                prop_assert_eq!(lru.pinned_bytes(), model.list.iter().filter(|entry| entry.2).map(|entry| entry.1).sum::<u64>());
                prop_assert!(lru.bytes() + model.reserved <= 100 || lru.chunks() == 0);
                prop_assert!(lru.pinned_bytes() <= 25);
            }
        }
    }
}
