//! The chunks of a store stay under its cap.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod chunks;

use std::thread;
use std::time::Duration;

use chunks::{TestRng, append_all, bytes_of, files, id, make, open, read};
use crowd_store::{Claim, Store};

#[test]
fn an_evicted_chunk_can_be_read_to_its_end() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), 10_000);
    make(&store, &id(1, 1), 6000);
    let open_chunk = store.get(&id(1, 1)).unwrap().unwrap();
    make(&store, &id(1, 2), 6000);
    assert!(!store.has(&id(1, 1)));
    assert_eq!(files(home.path()).len(), 1);
    assert_eq!(read(&open_chunk), bytes_of(&id(1, 1), 6000));
}

#[test]
fn a_chunk_larger_than_the_cap_is_served_and_not_kept() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), 1000);
    make(&store, &id(1, 1), 500);
    let stored = make(&store, &id(1, 2), 2000);
    assert!(files(home.path()).is_empty());
    assert_eq!(read(&stored), bytes_of(&id(1, 2), 2000));
    let status = store.status();
    assert_eq!((status.unkept, status.bytes), (1, 0));
    assert!(status.error.unwrap().contains("2088 bytes, and the cache may have 1000"));
    make(&store, &id(1, 3), 500);
    assert_eq!(store.status().error, None, "a chunk is kept again");
}

#[test]
fn the_cap_holds_while_several_threads_write() {
    const LIMIT: u64 = 2_000_000;
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), LIMIT);
    let write = |writer: u64| {
        let mut rng = TestRng(writer + 1);
        for _ in 0..60 {
            let chunk = id(rng.below(20) as u8, rng.below(6) as u32);
            let length = 50_000 + 7_000 * u64::from(chunk.index);
            let stored = loop {
                match store.claim(&chunk, length).unwrap() {
                    Claim::Available(stored) => break stored,
                    Claim::Granted(writer) => break append_all(writer, &chunk, length).commit().unwrap(),
                    Claim::HeldElsewhere(_) => thread::sleep(Duration::from_millis(1)),
                }
            };
            assert_eq!(read(&stored), bytes_of(&chunk, length));
        }
    };
    thread::scope(|scope| {
        let writers: Vec<_> = (0..8).map(|writer| scope.spawn(move || write(writer))).collect();
        while !writers.iter().all(thread::ScopedJoinHandle::is_finished) {
            // Files that are about to be removed are still listed. There are at most two for each writer.
            let bytes = files(home.path()).iter().map(|file| file.1).sum::<u64>();
            assert!(bytes <= LIMIT + 2 * 8 * 90_000, "{bytes} bytes");
            thread::sleep(Duration::from_millis(5));
        }
    });
    let (status, listed) = (store.status(), files(home.path()));
    assert!(status.bytes <= LIMIT && status.evicted > 0, "{status:?}");
    assert!(status.pinned <= LIMIT / 4 && status.pinned > 0, "{status:?}");
    assert_eq!(
        listed.iter().map(|file| file.1).sum::<u64>(),
        status.bytes,
        "the status counts the files that are on the disk"
    );
    assert_eq!(status.unkept, 0);
    assert_eq!(open(home.path(), LIMIT).status().bytes, status.bytes);
}
