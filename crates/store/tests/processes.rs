//! Processes that share a directory, and processes that are killed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod chunks;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use chunks::{MIB, TestRng, append_all, arguments, bytes_of, files, id, open, path, read, spawn_test};
use crowd_store::{ChunkId, Claim, Store};

const KEYS: u64 = 6;
const CHUNKS: u64 = 8;

fn filled_length(chunk: &ChunkId) -> u64 {
    20_000 + 10_000 * u64::from(chunk.index)
}

#[test]
#[ignore = "run by a_killed_writer_leaves_no_wrong_byte"]
fn fill_until_killed() {
    let store = open(Path::new(&arguments()[0]), 800_000);
    let fill = |seed: u64| {
        let mut rng = TestRng(seed * 7919 + u64::from(std::process::id()));
        loop {
            let chunk = id(rng.below(KEYS) as u8, rng.below(CHUNKS) as u32);
            if let Claim::Granted(writer) = store.claim(&chunk, filled_length(&chunk)).unwrap() {
                append_all(writer, &chunk, filled_length(&chunk)).commit().unwrap();
            }
        }
    };
    thread::scope(|scope| (1..=3).for_each(|seed| drop(scope.spawn(move || fill(seed)))));
}

#[test]
fn a_killed_writer_leaves_no_wrong_byte() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().to_str().unwrap();
    let mut rng = TestRng(42);
    let (mut checked, mut partial, mut slowest) = (0, 0, Duration::ZERO);
    for round in 0..200 {
        let mut child = spawn_test(&[], "fill_until_killed", &[directory]);
        thread::sleep(Duration::from_micros(3_000 + rng.below(40_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        partial += files(home.path()).iter().filter(|file| file.0.extension().is_some()).count();
        let start = Instant::now();
        let store = open(home.path(), 800_000);
        slowest = slowest.max(start.elapsed());
        assert!(
            files(home.path()).iter().all(|file| file.0.extension().is_none()),
            "round {round}: a partial file is left"
        );
        for chunk in (0..KEYS).flat_map(|key| (0..CHUNKS).map(move |index| id(key as u8, index as u32))) {
            if let Some(stored) = store.get(&chunk).unwrap() {
                assert_eq!(read(&stored), bytes_of(&chunk, filled_length(&chunk)), "round {round}: {chunk:?}");
                checked += 1;
            }
        }
        let status = store.status();
        assert_eq!(status.damaged, 0, "round {round}");
        assert!(status.bytes <= 800_000, "round {round}: {status:?}");
        // A chunk is removed, so that there are always chunks to make.
        let first = path(home.path(), &id(rng.below(KEYS) as u8, 0));
        let _ = fs::remove_dir_all(first.parent().unwrap());
    }
    println!("{checked} chunks checked, {partial} partial files found, the slowest start took {slowest:.1?}");
    assert!(checked > 1000 && partial > 20, "{checked} chunks checked, {partial} partial files: kill at other moments");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}

#[test]
#[ignore = "run by processes_that_share_a_directory_make_each_chunk_once"]
fn make_all_of_a_key() {
    let arguments = arguments();
    let store = open(Path::new(&arguments[0]), 100 * MIB);
    let mut rng = TestRng(arguments[1].parse().unwrap());
    let mut missing: Vec<_> = (0..40).collect();
    while !missing.is_empty() {
        let at = rng.below(missing.len() as u64) as usize;
        let chunk = id(9, missing[at]);
        match store.claim(&chunk, 30_000).unwrap() {
            Claim::HeldElsewhere(_) => thread::sleep(Duration::from_millis(1)),
            Claim::Available(stored) => {
                assert_eq!(read(&stored), bytes_of(&chunk, 30_000));
                missing.swap_remove(at);
            }
            Claim::Granted(writer) => {
                println!("made {}", chunk.index);
                append_all(writer, &chunk, 30_000).commit().unwrap();
            }
        }
    }
}

#[test]
fn processes_that_share_a_directory_make_each_chunk_once() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().to_str().unwrap();
    let children = ["1", "2", "3", "4"].map(|seed| spawn_test(&[], "make_all_of_a_key", &[directory, seed]));
    let mut made = Vec::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        made.extend(text.lines().filter_map(|line| line.split_once("made ")?.1.parse::<u32>().ok()));
    }
    assert_eq!(made.len(), 40, "{made:?}");
    assert_eq!(made.into_iter().collect::<BTreeSet<_>>().len(), 40);
}
