//! A thousand updates of a playlist, read by an independent parser.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::publisher::{parse, publisher};
use common::{RATE, chords, write};
use crowd_engine::Frames;
use crowd_radio::manifest::Manifest;
use crowd_streaming::aac::AacFrame;

const WINDOW: usize = 6;
const SECONDS: u64 = 2;

fn prepare(folder: &Path) -> Manifest {
    for name in ["music", "jingles"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
    }
    for (key, seconds) in [(0, 50), (3, 31), (7, 44)] {
        let sound = chords(seconds * RATE as usize + 331 + 100 * key, key);
        write(&folder.join("music"), &format!("{key}.wav"), &sound);
    }
    write(&folder.join("jingles"), "j.wav", &chords(3 * RATE as usize + 77, 12));
    let config = r#"
        filler = "jingles/j.wav"
        [stream]
        segment_seconds = 2
        [[playlist]]
        name = "music"
        folder = "music"
        order = "shuffle"
        [[playlist]]
        name = "jingles"
        folder = "jingles"
        kind = "jingle"
        [schedule]
        crossfade_seconds = 1.5
        time_zone = "Asia/Kolkata"
        [[schedule.every]]
        playlist = "jingles"
        tracks = 2
        [[schedule.at]]
        playlist = "jingles"
        minute = 7
    "#;
    common::publisher::prepare(folder, config)
}

#[test]
fn a_thousand_updates_change_no_uri_and_no_date_and_do_not_drift() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = prepare(folder.path());
    let mut publisher = publisher(folder.path(), &manifest, WINDOW);
    let (mut seen, mut sequence, mut updates) = (BTreeMap::new(), 0, 0);
    let mut bytes = BTreeMap::new();
    for tick in 1..=2 * 1_000_u64 {
        // The clock is looked at twice in each segment, at uneven times.
        let played = Frames(tick * SECONDS * u64::from(RATE) / 2 + tick * 7_919 % 9_000);
        if !publisher.publish(played).unwrap() {
            publisher.make_ahead().unwrap();
            continue;
        }
        updates += 1;
        let published = publisher.published().borrow().clone();
        let playlist = parse(&published.playlists["stream.m3u8"]);
        assert_eq!(playlist.target, SECONDS);
        assert!(playlist.sequence >= sequence && playlist.segments.len() <= WINDOW && playlist.titles > 0);
        assert!(updates < WINDOW || playlist.segments.len() == WINDOW);
        sequence = playlist.sequence;
        for ((date, duration, uri), number) in playlist.segments.into_iter().zip(sequence..) {
            assert!(!date.is_empty() && duration.round() <= SECONDS as f64);
            let segment = published.segment(uri.strip_prefix("segments/").unwrap()).unwrap();
            let content = (segment.bytes.len(), blake3::hash(&segment.bytes));
            assert_eq!(*bytes.entry(uri.clone()).or_insert(content), content);
            let known = seen.entry(number).or_insert_with(|| (date.clone(), duration, uri.clone()));
            assert_eq!(*known, (date, duration, uri), "segment {number}");
        }
    }
    assert!(updates >= 990, "{updates}");
    assert_eq!(bytes.len(), seen.len(), "no URI stands for two segments");
    // The durations are those of whole AAC frames, and their sum is that of the program.
    let numbers: Vec<u64> = seen.keys().copied().collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1));
    let total: f64 = seen.values().map(|segment| segment.1).sum();
    let frames = total * f64::from(RATE) / AacFrame::LENGTH as f64;
    assert!((frames - frames.round()).abs() < 1e-4, "{frames}");
    assert!((total - (seen.len() as u64 * SECONDS) as f64).abs() < 0.011, "{total}");

    // Another publisher, as after a restart, makes the same segments.
    drop(publisher);
    let mut publisher = common::publisher::publisher(folder.path(), &manifest, WINDOW);
    assert!(publisher.publish(Frames(0)).unwrap());
    let published = publisher.published().borrow().clone();
    let playlist = parse(&published.playlists["stream.m3u8"]);
    for (segment, number) in playlist.segments.iter().zip(playlist.sequence..) {
        assert_eq!(seen[&number], *segment);
    }
}
