//! The program as its users run it: prepared, broadcast, killed and started again.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use common::station::Station;

/// Two tracks and a jingle.
fn prepare(folder: &Path) {
    common::station::prepare(folder, &[("a", 40), ("b", 9)], &[]);
}

#[test]
fn a_station_that_is_killed_goes_on_with_the_same_bytes_under_the_same_names() {
    kill_and_start(20, |round| Duration::from_millis((1 + round % 4) * (150 + 71 * round % 240)));
}

/// At moments that are spread evenly over the first segments, while it prepares and writes what it needs.
#[test]
#[ignore = "20 minutes; part of make proof"]
fn a_station_that_is_killed_a_thousand_times_goes_on_with_the_same_bytes() {
    kill_and_start(1_000, |round| Duration::from_millis(round * 379 % 1_600));
}

/// Starts a station again and again, and kills it after a time.
fn kill_and_start(rounds: u64, time: impl Fn(u64) -> Duration) {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let mut known = BTreeMap::new();
    let mut last = 0;
    for round in 0..rounds {
        let station = Station::start(folder.path(), &[]);
        let start = Instant::now();
        loop {
            let playlist = station.playlist("stream.m3u8");
            assert!(playlist.sequence >= last, "round {round}: {} after {last}", playlist.sequence);
            last = playlist.sequence;
            for ((date, duration, uri), number) in playlist.segments.iter().zip(playlist.sequence..) {
                let bytes = station.get(uri).unwrap();
                let segment = (date.clone(), *duration, uri.clone(), bytes);
                assert!(*known.entry(number).or_insert_with(|| segment.clone()) == segment, "segment {number}");
            }
            let left = time(round).saturating_sub(start.elapsed());
            if left.is_zero() {
                break;
            }
            std::thread::sleep(left.min(Duration::from_millis(300)));
        }
        station.kill();
    }
    // No segment is missing, as if the station had never stopped.
    let numbers: Vec<u64> = known.keys().copied().collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");

    // ffmpeg reads all segments as one stream of the length that the playlists state.
    let joined = folder.path().join("all.ts");
    std::fs::write(&joined, known.values().flat_map(|segment| segment.3.clone()).collect::<Vec<u8>>()).unwrap();
    let decoded = Command::new("ffmpeg")
        .args(["-v", "warning", "-i"])
        .arg(&joined)
        .args(["-f", "s16le", "-ac", "2", "-"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&decoded.stderr), "");
    let nanoseconds: u64 = known.values().map(|segment| segment.1).sum();
    let frames = (decoded.stdout.len() / 4) as u64;
    assert_eq!(frames % 1_024, 0);
    assert_eq!((nanoseconds * 48 + 500_000) / 1_000_000, frames);
}

#[test]
fn two_processes_do_not_run_the_same_station() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let first = Station::start(folder.path(), &[]);
    let mut second = Command::new(cargo_bin("crowd-radio"));
    second.args(["stream", "--port", "0", "--processed"]).arg(folder.path().join("out"));
    let second = second.arg("--state").arg(folder.path().join("state")).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let text = String::from_utf8_lossy(&second.stderr);
    assert!(text.contains("another process runs a station with this state"), "{text}");
    first.playlist("stream.m3u8");
}
