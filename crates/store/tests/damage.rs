//! What is not what its name says is never served.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod chunks;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use chunks::{KIND, MIB, bytes_of, id, make, open, path, read};
use crowd_store::format::HEADER;
use crowd_store::{ChunkId, DiskStore, Kind, Store};

#[test]
fn a_damaged_file_is_removed_counted_and_made_again() {
    let home = tempfile::tempdir().unwrap();
    let (chunk, length) = (id(7, 2), 70_000);
    let path = |id: &ChunkId| path(home.path(), id);
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 8] = [
        ("a bit of the payload", |path| flip(path, 50_000)),
        ("a bit of the checksum", |path| flip(path, HEADER - 1)),
        ("a bit of the magic", |path| flip(path, 0)),
        ("a bit of the length", |path| flip(path, 50)),
        ("cut off", |path| cut(path, HEADER + 69_999)),
        ("cut off in the header", |path| cut(path, 40)),
        ("empty", |path| cut(path, 0)),
        ("grown", |path| cut(path, HEADER + 70_001)),
    ];
    for (name, damage) in damages {
        drop(make(&open(home.path(), MIB), &chunk, length));
        damage(&path(&chunk));
        let store = open(home.path(), MIB);
        assert!(store.get(&chunk).unwrap().is_none(), "{name}");
        assert_eq!((store.status().damaged, store.status().chunks), (1, 0), "{name}");
        assert!(!path(&chunk).exists(), "{name}");
        make(&store, &chunk, length);
        assert_eq!(read(&store.get(&chunk).unwrap().unwrap()), bytes_of(&chunk, length), "{name}");
        fs::remove_file(path(&chunk)).unwrap();
    }
    // A file of the right shape that is another chunk.
    for other in [id(7, 3), id(8, 2)] {
        make(&open(home.path(), MIB), &other, length);
        fs::create_dir_all(path(&chunk).parent().unwrap()).unwrap();
        fs::copy(path(&other), path(&chunk)).unwrap();
        let store = open(home.path(), MIB);
        assert!(store.get(&chunk).unwrap().is_none());
        assert_eq!(store.status().damaged, 1);
        assert!(store.get(&other).unwrap().is_some());
    }
}

fn flip(path: &Path, at: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
}

fn cut(path: &Path, length: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
}

#[test]
fn a_chunk_of_another_program_or_version_is_not_served() {
    let home = tempfile::tempdir().unwrap();
    let chunk = id(3, 1);
    for other in [Kind { magic: *b"otherchk", ..KIND }, Kind { version: 2, ..KIND }] {
        make(&open(home.path(), MIB), &chunk, 100);
        let store = DiskStore::open(home.path(), MIB, other).unwrap();
        assert!(store.get(&chunk).unwrap().is_none());
        assert_eq!(store.status().damaged, 1);
        assert!(!path(home.path(), &chunk).exists());
    }
}
