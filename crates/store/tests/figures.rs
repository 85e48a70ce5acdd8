//! Measured times, which are no promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod chunks;

use std::time::Instant;

use chunks::{append_all, bytes_of, claim, id, make, open};
use crowd_store::Store;

#[test]
#[ignore = "measured times, no promises: cargo test --release -p crowd-store --test figures -- --ignored --nocapture figures"]
fn figures() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), 1 << 30);
    let (second, whole) = (44_100 * 4, 30 * 44_100 * 4);
    let time = |what: &str, times: u32, run: &mut dyn FnMut(u32)| {
        let timed = |index| {
            let start = Instant::now();
            run(index);
            start.elapsed()
        };
        let mut took: Vec<_> = (0..times).map(timed).collect();
        took.sort_unstable();
        println!("{what}: median {:.1?}, worst {:.1?} of {times}", took[took.len() / 2], took[took.len() - 1]);
    };
    let write = |index| append_all(claim(&store, &id(202, index), whole), &id(202, index), whole);
    let mut ready: Vec<_> = (0..50).map(write).collect();
    time("commit of 30 s", 50, &mut |_| drop(ready.pop().unwrap().commit().unwrap()));
    let bytes = bytes_of(&id(0, 0), whole);
    time("append of 30 s in blocks of 64 KiB", 50, &mut |index| {
        let mut writer = claim(&store, &id(200, index), whole);
        bytes.chunks(1 << 16).for_each(|block| writer.append(block).unwrap());
    });
    for index in 0..50 {
        make(&store, &id(201, index), second);
    }
    let store = open(home.path(), 1 << 30);
    time("first get of 30 s, checked", 50, &mut |index| drop(store.get(&id(202, index)).unwrap().unwrap()));
    time("first get of 1 s, checked", 50, &mut |index| drop(store.get(&id(201, index)).unwrap().unwrap()));
    time("get of a warm chunk", 1000, &mut |index| drop(store.get(&id(201, index % 50)).unwrap().unwrap()));
}
