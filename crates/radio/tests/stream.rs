//! The program as its users run it: prepared, broadcast, killed and started again.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use common::{RATE, chords, write};

/// A station that runs until it is dropped.
struct Station {
    process: Child,
    address: String,
}

impl Station {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(cargo_bin("crowd-radio"))
            .args(["stream", "--port", "0", "--window", "5", "--processed"])
            .arg(folder.join("out"))
            .arg("--state")
            .arg(folder.join("state"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = log
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("listening on ")?.1.split("/stream").next()?.to_owned()));
        std::thread::spawn(move || log.for_each(drop));
        Self { process, address: address.unwrap() }
    }

    fn get(&self, path: &str) -> Option<Vec<u8>> {
        ureq::get(format!("{}/{path}", self.address)).call().ok()?.body_mut().read_to_vec().ok()
    }

    /// The playlist, as soon as there is one.
    fn playlist(&self) -> Playlist {
        let start = Instant::now();
        loop {
            if let Some(text) = self.get("stream.m3u8") {
                return Playlist::parse(&String::from_utf8(text).unwrap());
            }
            assert!(start.elapsed() < Duration::from_secs(30), "no playlist");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The system's way to end a process at any moment.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[derive(Debug, PartialEq)]
struct Playlist {
    sequence: u64,
    /// Date, duration in nanoseconds and URI of each segment.
    segments: Vec<(String, u64, String)>,
}

impl Playlist {
    fn parse(text: &str) -> Self {
        let (mut sequence, mut date, mut duration, mut segments) = (0, String::new(), 0, Vec::new());
        for line in text.lines() {
            if let Some(number) = line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:") {
                sequence = number.parse().unwrap();
            } else if let Some(value) = line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:") {
                value.clone_into(&mut date);
            } else if let Some(value) = line.strip_prefix("#EXTINF:") {
                duration = value.trim_end_matches(',').replace('.', "").parse().unwrap();
            } else if !line.starts_with('#') {
                segments.push((date.clone(), duration, line.to_owned()));
            }
        }
        assert!(!text.contains("ENDLIST") && !segments.is_empty(), "{text}");
        Self { sequence, segments }
    }
}

fn prepare(folder: &Path) {
    for name in ["music", "jingles"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
    }
    write(&folder.join("music"), "a.wav", &chords(40 * RATE as usize + 331, 0));
    write(&folder.join("music"), "b.wav", &chords(9 * RATE as usize + 17, 5));
    write(&folder.join("jingles"), "j.wav", &chords(RATE as usize + 77, 12));
    let mut setup = Command::new(cargo_bin("crowd-radio"));
    setup.args(["setup", "--cycle", "1", "--segment-seconds", "1", "--music"]).arg(folder.join("music"));
    setup.arg("--jingles").arg(folder.join("jingles")).arg("--out").arg(folder.join("out"));
    setup.arg("--filler").arg(folder.join("jingles/j.wav"));
    assert!(setup.status().unwrap().success());
}

#[test]
fn a_station_that_is_killed_goes_on_with_the_same_bytes_under_the_same_names() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let mut known = BTreeMap::new();
    let mut last = 0;
    for round in 0..4 {
        let station = Station::start(folder.path());
        for _ in 0..8 {
            let playlist = station.playlist();
            assert!(playlist.sequence >= last, "round {round}: {} after {last}", playlist.sequence);
            last = playlist.sequence;
            for ((date, duration, uri), number) in playlist.segments.iter().zip(playlist.sequence..) {
                let bytes = station.get(uri).unwrap();
                let segment = (date.clone(), *duration, uri.clone(), bytes);
                assert!(*known.entry(number).or_insert_with(|| segment.clone()) == segment, "segment {number}");
            }
            std::thread::sleep(Duration::from_millis(350));
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
    let first = Station::start(folder.path());
    let mut second = Command::new(cargo_bin("crowd-radio"));
    second.args(["stream", "--port", "0", "--processed"]).arg(folder.path().join("out"));
    let second = second.arg("--state").arg(folder.path().join("state")).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let text = String::from_utf8_lossy(&second.stderr);
    assert!(text.contains("another process runs a station with this state"), "{text}");
    first.playlist();
}
