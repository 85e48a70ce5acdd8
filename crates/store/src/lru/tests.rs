//! The order of eviction, compared with a plain list.

use proptest::prelude::*;

use super::*;
use crate::key::StoreKey;

fn id(key: u8, index: u32) -> ChunkId {
    ChunkId { key: StoreKey([key; 32]), index }
}

#[test]
fn the_least_recently_used_chunk_is_evicted_first_and_first_chunks_last() {
    let mut lru = Lru::new(100, Pinning::FIRST_CHUNKS);
    assert!(lru.insert(id(1, 0), 10).is_empty());
    for index in 1..10 {
        assert!(lru.insert(id(1, index), 10).is_empty());
    }
    assert!(lru.touch(&id(1, 1)));
    assert_eq!(lru.insert(id(2, 5), 20), [id(1, 2), id(1, 3)]);
    assert_eq!(lru.reserve(70), [4, 5, 6, 7, 8, 9, 1].map(|index| id(1, index)));
    assert_eq!(lru.reserve(5), [id(2, 5)], "a first chunk stays while others can be evicted");
    assert_eq!(lru.reserve(20), [id(1, 0)], "it is evicted when there is no other");
    lru.release(95);
    assert!(lru.insert(id(1, 0), 10).is_empty());
}

#[test]
fn first_chunks_beyond_a_quarter_of_the_cap_are_not_pinned() {
    let mut lru = Lru::new(100, Pinning::FIRST_CHUNKS);
    for rendition in 0..4 {
        lru.insert(id(rendition, 0), 10);
    }
    assert_eq!(lru.pinned_bytes(), 20);
    assert_eq!(lru.insert(id(9, 1), 70), [id(0, 0)], "the older ones are not pinned any more");
    assert!(lru.touch(&id(1, 0)), "a chunk that is used is pinned again");
    assert_eq!(lru.insert(id(9, 2), 10), [id(2, 0)], "the least recently used one is not pinned any more");
}

#[test]
fn a_chunk_larger_than_the_cap_evicts_no_other() {
    let mut lru = Lru::new(100, Pinning::FIRST_CHUNKS);
    lru.insert(id(1, 1), 60);
    assert_eq!(lru.insert(id(2, 1), 101), [id(2, 1)]);
    assert!(lru.contains(&id(1, 1)) && !lru.contains(&id(2, 1)));
}

#[derive(Clone, Debug)]
enum Operation {
    Insert(ChunkId, u64),
    Touch(ChunkId),
    Remove(ChunkId),
    Reserve(u64),
    Release,
}

fn operation() -> impl Strategy<Value = Operation> {
    let chunk = || (0..6_u8, 0..4_u32).prop_map(|(rendition, index)| id(rendition, index));
    prop_oneof![
        4 => (chunk(), 1..120_u64).prop_map(|(id, bytes)| Operation::Insert(id, bytes)),
        4 => chunk().prop_map(Operation::Touch),
        1 => chunk().prop_map(Operation::Remove),
        1 => (0..60_u64).prop_map(Operation::Reserve),
        1 => Just(Operation::Release),
    ]
}

/// The same policy with a plain list, the most recently used chunk at its end.
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
        let mut evicted = Vec::new();
        while !self.list.is_empty() && self.list.iter().map(|entry| entry.1).sum::<u64>() + self.reserved > 100 {
            let at = self.list.iter().position(|entry| !entry.2).unwrap_or(0);
            evicted.push(self.list.remove(at).0);
        }
        evicted
    }
}

proptest! {
    #[test]
    fn any_sequence_of_uses_evicts_what_a_plain_list_would(operations in prop::collection::vec(operation(), 1..200)) {
        let (mut lru, mut model) = (Lru::new(100, Pinning::FIRST_CHUNKS), Model::default());
        for operation in operations {
            match operation {
                Operation::Insert(id, bytes) if bytes > 100 => {
                    model.list.retain(|entry| entry.0 != id);
                    prop_assert_eq!(lru.insert(id, bytes), vec![id]);
                }
                Operation::Insert(id, bytes) => {
                    model.used(id, bytes);
                    prop_assert_eq!(lru.insert(id, bytes), model.shrink());
                }
                Operation::Touch(id) => {
                    let known = model.list.iter().find(|entry| entry.0 == id).copied();
                    prop_assert_eq!(lru.touch(&id), known.is_some());
                    if let Some((_, bytes, _)) = known {
                        model.used(id, bytes);
                    }
                }
                Operation::Remove(id) => {
                    prop_assert_eq!(lru.remove(&id), model.list.iter().any(|entry| entry.0 == id));
                    model.list.retain(|entry| entry.0 != id);
                }
                Operation::Reserve(bytes) => {
                    model.reserved += bytes;
                    prop_assert_eq!(lru.reserve(bytes), model.shrink());
                }
                Operation::Release => {
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

#[test]
fn the_program_chooses_which_chunks_are_pinned_and_how_many() {
    let every_tenth = Pinning { applies: |id| id.index % 10 == 0, share: 2 };
    let mut lru = Lru::new(100, every_tenth);
    for index in 10..15 {
        lru.insert(id(1, index), 20);
    }
    assert_eq!(lru.pinned_bytes(), 20);
    lru.insert(id(1, 20), 20);
    assert_eq!(lru.pinned_bytes(), 40, "half of the cap may be pinned");
    let mut lru = Lru::new(100, Pinning { share: 0, ..Pinning::FIRST_CHUNKS });
    lru.insert(id(1, 0), 60);
    assert_eq!((lru.pinned_bytes(), lru.insert(id(1, 1), 60)), (0, vec![id(1, 0)]), "nothing is pinned");
}
