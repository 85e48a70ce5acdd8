//! What is evicted, against a plain list.

use proptest::prelude::*;

use super::*;
use crate::key::Key;

fn id(key: u8, index: u32) -> ChunkId {
    ChunkId { key: Key([key; 32]), index }
}

#[test]
fn what_was_not_used_for_longest_goes_first_and_beginnings_last() {
    let mut lru = Lru::new(100, Pinning::FIRST_CHUNKS);
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
    let mut lru = Lru::new(100, Pinning::FIRST_CHUNKS);
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
    let mut lru = Lru::new(100, Pinning::FIRST_CHUNKS);
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
        let (mut lru, mut model) = (Lru::new(100, Pinning::FIRST_CHUNKS), Model::default());
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

#[test]
fn which_chunks_are_pinned_and_how_many_is_for_the_program_to_say() {
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
