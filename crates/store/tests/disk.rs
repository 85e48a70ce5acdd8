//! The promises of a chunk store, on a real disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod chunks;

use std::fs::{self, File, FileTimes};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use chunks::{KIND, MIB, bytes_of, claim, files, id, make, open, path, read};
use crowd_store::format::{ChunkHeader, HEADER};
use crowd_store::{Claim, DiskStore, Store};

#[test]
fn a_chunk_can_be_read_while_it_is_written_and_is_the_same_afterwards() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), MIB);
    let (id, bytes) = (id(1, 3), bytes_of(&id(1, 3), 100_000));
    let mut writer = claim(&store, &id, 100_000);
    assert!(writer.written().is_empty());
    for (block, end) in bytes.chunks(30_000).zip([30_000, 60_000, 90_000, 100_000]) {
        writer.append(block).unwrap();
        assert_eq!(read(&writer.written()), bytes[..end]);
        assert!(store.get(&id).unwrap().is_none(), "an incomplete chunk is not returned");
    }
    let partial = writer.written();
    assert_eq!(read(&writer.commit().unwrap()), bytes);
    assert_eq!(read(&partial), bytes);
    assert_eq!(read(&store.get(&id).unwrap().unwrap()), bytes);
    let mut tail = [0; 10];
    assert_eq!(
        partial.read_at(99_996, &mut tail).unwrap(),
        4,
        "it ends with the bytes that were written before `written` was called"
    );
    assert_eq!(tail[..4], bytes[99_996..]);
    assert_eq!(partial.read_at(u64::MAX, &mut tail).unwrap(), 0);
}

#[test]
fn a_claimed_chunk_cannot_be_claimed_again_in_this_process_or_another() {
    let home = tempfile::tempdir().unwrap();
    // Two stores share no memory, like two processes.
    let (here, there) = (open(home.path(), MIB), open(home.path(), MIB));
    let writer = claim(&here, &id(1, 0), 10);
    for store in [&here, &there] {
        assert!(matches!(store.claim(&id(1, 0), 10).unwrap(), Claim::HeldElsewhere(wait) if wait > Duration::ZERO));
    }
    drop(writer);
    assert!(files(home.path()).is_empty(), "a dropped writer leaves no file");
    let mut writer = claim(&there, &id(1, 0), 10);
    writer.append(b"0123456789").unwrap();
    let kept_open = writer.commit().unwrap();
    for store in [&here, &there] {
        assert!(
            matches!(store.claim(&id(1, 0), 10).unwrap(), Claim::Available(stored) if read(&stored) == b"0123456789")
        );
    }
    // A reader of a complete chunk does not block writers.
    fs::remove_file(path(home.path(), &id(1, 0))).unwrap();
    drop(claim(&here, &id(1, 0), 10));
    assert_eq!(read(&kept_open), b"0123456789");
}

#[test]
fn more_bytes_than_claimed_are_an_error_and_fewer_are_the_whole_chunk() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), MIB);
    let mut writer = claim(&store, &id(1, 1), 10);
    assert!(writer.append(&[0; 11]).unwrap_err().to_string().contains("10 bytes were claimed and 11 made"));
    writer.append(&[7; 9]).unwrap();
    assert_eq!(read(&writer.commit().unwrap()), [7; 9]);
    let again = open(home.path(), MIB);
    assert_eq!(read(&again.get(&id(1, 1)).unwrap().unwrap()), [7; 9]);
}

#[test]
fn chunks_are_there_after_a_restart_in_the_order_of_their_use() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), MIB);
    for index in 1..=5 {
        make(&store, &id(1, index), 1000);
        // The access time is updated every ten minutes at most.
        let times = SystemTime::now() - Duration::from_secs(3_600 - u64::from(index));
        let times = FileTimes::new().set_accessed(times).set_modified(times);
        File::options().write(true).open(path(home.path(), &id(1, index))).unwrap().set_times(times).unwrap();
    }
    assert!(store.get(&id(1, 1)).unwrap().is_some());
    drop(store);
    let store = open(home.path(), 3 * (1000 + HEADER));
    assert_eq!((store.status().chunks, store.status().evicted), (3, 2));
    for (index, expected) in [(1, true), (2, false), (3, false), (4, true), (5, true)] {
        assert_eq!(store.has(&id(1, index)), expected, "chunk {index}");
        assert_eq!(store.get(&id(1, index)).unwrap().is_some(), expected, "chunk {index}");
    }
    assert_eq!(store.status().hits, 3);
}

#[test]
fn files_that_are_no_chunks_stay_and_leftovers_are_removed() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), MIB);
    make(&store, &id(1, 1), 100);
    let rendition = path(home.path(), &id(1, 1)).parent().unwrap().to_owned();
    let foreign =
        [home.path().join("README"), rendition.join("01"), rendition.join("notes.part"), rendition.join("-1")];
    for path in &foreign {
        fs::write(path, b"mine").unwrap();
    }
    fs::write(rendition.join("9.part"), b"left by a writer that was killed").unwrap();
    let writer = claim(&store, &id(1, 2), 100);
    let fresh = open(home.path(), MIB);
    assert_eq!(fresh.status().chunks, 1);
    assert!(foreign.iter().all(|path| path.exists()));
    assert!(!rendition.join("9.part").exists());
    assert!(rendition.join("2.part").exists(), "its writer is alive");
    drop(writer);
    // A leftover that appears while this process runs is overwritten by the next writer.
    fs::write(rendition.join("3.part"), b"left by a writer that was killed").unwrap();
    make(&fresh, &id(1, 3), 100);
    assert!(!rendition.join("3.part").exists());
}

#[test]
fn a_restart_with_ten_thousand_chunks_takes_less_than_a_second() {
    let home = tempfile::tempdir().unwrap();
    for rendition in 0..500_u32 {
        let mut chunk = id(0, 0);
        chunk.key.0[..4].copy_from_slice(&rendition.wrapping_mul(0x9e37_79b9).to_be_bytes());
        fs::create_dir_all(path(home.path(), &chunk).parent().unwrap()).unwrap();
        for index in 0..20 {
            chunk.index = index;
            let mut header = ChunkHeader::new(&KIND, &chunk);
            header.update(b"abcd");
            fs::write(path(home.path(), &chunk), [&header.finish()[..], b"abcd"].concat()).unwrap();
        }
    }
    let start = Instant::now();
    let store = open(home.path(), MIB * 10);
    let took = start.elapsed();
    println!("restart with 10,000 chunks: {took:.1?}");
    assert_eq!(store.status().chunks, 10_000);
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn chunks_that_are_not_kept_are_in_memory_while_they_are_read_and_their_memory_is_limited() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), MIB);
    let claim = |index: u32| store.claim_in_memory(&id(1, index), 30 * MIB).unwrap();
    let Claim::Granted(mut writer) = claim(1) else { panic!("it is not claimed") };
    assert!(matches!(claim(1), Claim::HeldElsewhere(_)), "it is claimed");
    writer.append(b"bytes").unwrap();
    let stored = writer.commit().unwrap();
    assert!(read(&stored) == b"bytes" && stored.is_unchanged());
    assert!(store.get(&id(1, 1)).unwrap().is_none() && files(home.path()).is_empty());
    let Claim::Granted(second) = claim(2) else { panic!("there is room for two") };
    assert!(matches!(claim(3), Claim::HeldElsewhere(_)), "90 MiB are too many");
    drop((stored, second));
    assert!(matches!(claim(3), Claim::Granted(_)));
    let status = store.status();
    assert_eq!((status.misses, status.unkept, status.error), (1, 0, None));
}

#[test]
fn a_directory_that_cannot_be_created_is_named() {
    let error = DiskStore::open(Path::new("/proc/none"), MIB, KIND).err().unwrap().to_string();
    assert!(error.starts_with("cannot open the cache directory /proc/none: "), "{error}");
}

/// The layout is that of earlier versions, so that a cache can be used after an update.
#[test]
fn the_files_of_a_store_have_the_names_and_bytes_they_always_had() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), MIB);
    make(&store, &id(0xa7, 12), 20);
    let key = format!("a7{}", "5a".repeat(31));
    let [(path, bytes)] = &files(home.path())[..] else { panic!("one file") };
    assert_eq!(path.strip_prefix(home.path()).unwrap(), Path::new(&format!("a7/{key}/12")));
    assert_eq!(*bytes, 108);
    let bytes = fs::read(path).unwrap();
    let mut header = Vec::from(*b"crowdchk\x01\0\0\0\x0c\0\0\0\xa7");
    header.extend([0x5a; 31]);
    header.extend(20_u64.to_le_bytes());
    assert_eq!(bytes[..56], header);
    assert_eq!(bytes[88..], bytes_of(&id(0xa7, 12), 20));
    let checksum = blake3::Hasher::new().update(&bytes[88..]).update(&header).finalize();
    assert_eq!(bytes[56..88], *checksum.as_bytes());
}
