//! Damaged chunks are never served.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod chunks;

use std::fs::{self, FileTimes, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use chunks::{KIND, MIB, bytes_of, id, make, open, path, read};
use crowd_store::format::HEADER;
use crowd_store::{ChunkId, ChunkKind, DiskStore, Store};

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
    // A valid file that is another chunk.
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

/// Waits until the next change of a file changes its times on any file system, so that its bytes need not be verified again.
fn settle() {
    thread::sleep(Duration::from_millis(2_100));
}

/// The bytes that this thread has read since its start.
fn bytes_read() -> u64 {
    let counts = fs::read_to_string("/proc/thread-self/io").unwrap();
    counts.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
}

/// Gets a chunk with a payload of `length` bytes. Returns whether the payload was read for that.
fn is_read_by_get(store: &DiskStore, chunk: &ChunkId, length: u64) -> bool {
    let before = bytes_read();
    assert!(store.get(chunk).unwrap().is_some());
    bytes_read() - before > length
}

#[test]
fn a_chunk_that_changes_after_it_was_served_is_checked_again_whatever_its_times_say() {
    let home = tempfile::tempdir().unwrap();
    let (chunk, length) = (id(7, 2), 200_000);
    let store = open(home.path(), MIB);
    make(&store, &chunk, length);
    settle();
    assert!(is_read_by_get(&store, &chunk, length), "its bytes on the disk were not verified yet");
    assert!(!is_read_by_get(&store, &chunk, length), "it was verified and has not changed");
    let path = path(home.path(), &chunk);
    let open = store.get(&chunk).unwrap().unwrap();
    let written = fs::metadata(&path).unwrap().modified().unwrap();
    flip(&path, 150_000);
    OpenOptions::new().write(true).open(&path).unwrap().set_modified(written).unwrap();
    assert!(!open.is_unchanged(), "its time of writing is the same, its time of change is not");
    assert!(store.get(&chunk).unwrap().is_none());
    assert_eq!((store.status().damaged, store.status().chunks), (1, 0));
    make(&store, &chunk, length);
    assert_eq!(read(&store.get(&chunk).unwrap().unwrap()), bytes_of(&chunk, length));
    // One bit changes just after a check, when a coarse time stamp would be the same.
    flip(&path, 150_000);
    assert!(store.get(&chunk).unwrap().is_none());
    assert_eq!(store.status().damaged, 2);
}

#[test]
fn two_processes_on_a_folder_do_not_verify_each_chunk_at_every_use() {
    let home = tempfile::tempdir().unwrap();
    let (chunk, length) = (id(7, 2), 200_000);
    let stores = [(); 2].map(|()| open(home.path(), MIB));
    make(&stores[0], &chunk, length);
    let path = path(home.path(), &chunk);
    let (hour, now) = (Duration::from_secs(3_600), SystemTime::now());
    OpenOptions::new().write(true).open(&path).unwrap().set_times(FileTimes::new().set_accessed(now - hour)).unwrap();
    settle();
    assert!(is_read_by_get(&stores[0], &chunk, length));
    let used = fs::metadata(&path).unwrap().accessed().unwrap();
    assert!(used > now - Duration::from_secs(60), "its access time was updated");
    settle();
    for store in &stores {
        assert!(is_read_by_get(store, &chunk, length), "because the access time was updated");
    }
    for store in stores.iter().cycle().take(10) {
        assert!(!is_read_by_get(store, &chunk, length));
    }
}

#[test]
fn a_chunk_that_is_written_to_or_truncated_while_it_is_read_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    let (chunk, length) = (id(7, 2), 70_000);
    let store = open(home.path(), MIB);
    let path = path(home.path(), &chunk);
    type Damage = fn(&Path);
    let damages: [(Damage, io::ErrorKind); 3] = [
        (|path| flip(path, 50_000), io::ErrorKind::InvalidData),
        (|path| cut(path, HEADER + 30_000), io::ErrorKind::UnexpectedEof),
        (|path| cut(path, HEADER + 80_000), io::ErrorKind::InvalidData),
    ];
    for (damage, kind) in damages {
        let made = make(&store, &chunk, length);
        let got = store.get(&chunk).unwrap().unwrap();
        // The times of files may be as coarse as the clock of the system.
        thread::sleep(Duration::from_millis(20));
        damage(&path);
        for stored in [made, got] {
            assert!(!stored.is_unchanged());
            assert_eq!(stored.read_at(40_000, &mut [0; 20_000]).unwrap_err().kind(), kind);
        }
        assert!(store.get(&chunk).unwrap().is_none());
    }
    // A chunk that was only evicted is read to its end.
    let made = make(&store, &chunk, length);
    fs::remove_file(&path).unwrap();
    assert_eq!(read(&made), bytes_of(&chunk, length));
    assert!(!made.is_unchanged());
}

#[test]
fn a_chunk_of_another_program_or_version_is_not_served() {
    let home = tempfile::tempdir().unwrap();
    let chunk = id(3, 1);
    for other in [ChunkKind { magic: *b"otherchk", ..KIND }, ChunkKind { version: 2, ..KIND }] {
        make(&open(home.path(), MIB), &chunk, 100);
        let store = DiskStore::open(home.path(), MIB, other).unwrap();
        assert!(store.get(&chunk).unwrap().is_none());
        assert_eq!(store.status().damaged, 1);
        assert!(!path(home.path(), &chunk).exists());
    }
}
