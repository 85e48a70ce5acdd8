//! Exports tracks whose beat grid jumps by a fraction of a beat.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use common::{TestLibrary, TestTrack, find_clicks, left};
use serde_json::Value;

/// Sections of a bar; the grid jumps at beat 21, in the fifth section after the intro.
fn jumping(file: &'static str, bpm: f64, later: f64) -> TestTrack {
    TestTrack { jump: Some((21, later)), ..TestTrack::new(file, bpm) }
}

fn tracks() -> Vec<TestTrack> {
    vec![
        jumping("a third later.wav", 120.0, 1.0 / 3.0),
        jumping("half later.wav", 123.0, 0.5),
        jumping("a third earlier.wav", 118.0, -1.0 / 3.0),
        TestTrack { in_xml: false, ..jumping("unlisted.wav", 120.0, 0.4) },
    ]
}

/// The number of clicks of an excerpt, and their largest distance, in seconds, from an even grid at 122 BPM that begins with
/// the excerpt. Clicks at the ends of the excerpt, and at the times in `except`, do not count.
fn uneven(library: &TestLibrary, file: &str, except: std::ops::Range<f64>) -> (usize, f64) {
    let excerpt = library.audio(file);
    let rate = f64::from(excerpt.sample_rate);
    let end = excerpt.frames() as f64 / rate;
    let clicks = find_clicks(&left(&excerpt), rate);
    let whole = |at: &f64| *at > 0.005 && *at < end - 0.005 && !except.contains(at);
    let away = clicks.into_iter().filter(whole).map(|at| {
        let beat = at * 122.0 / 60.0;
        (beat - beat.round()).abs() * 60.0 / 122.0
    });
    away.fold((0, 0.0), |(count, most), away| (count + 1, f64::max(most, away)))
}

#[test]
fn an_excerpt_ends_at_the_bar_before_a_jump_with_even_beats() {
    let tracks = tracks();
    let library = TestLibrary::new(&tracks);
    let output = library.export("--snap downbeat --report report.json");
    assert_eq!(output.status, 0, "{}", output.err);
    let report: Value = serde_json::from_slice(&fs::read(library.path("report.json")).unwrap()).unwrap();
    for track in &tracks {
        let rows = library.rows();
        let row = rows.iter().find(|row| row[0].ends_with(track.file)).unwrap();
        // Outside the collection the beats are known to 10 ms only.
        let near = if track.in_xml { 0.001 } else { 0.006 };
        let [ini, begin, end] = [5, 6, 7].map(|column| row[column].parse::<f64>().unwrap());
        for (cue, beat) in [(ini, 4), (begin, 16), (end, 20)] {
            assert!((cue - track.beat(beat)).abs() < near, "{}: {cue} instead of {}", track.file, track.beat(beat));
        }
        assert_eq!(row[1].parse::<f64>().unwrap(), track.bpm, "the tempo of the excerpt");
        let (clicks, away) = uneven(&library, &row[13], 0.0..0.0);
        assert!(clicks >= 15 && away < near, "{}: {clicks} clicks, {away} s beside", track.file);
        let excerpt = report["parts"].as_array().unwrap().iter().find(|excerpt| excerpt["path"] == row[0]).unwrap();
        let (_, later) = track.jump.unwrap();
        assert!(
            (excerpt["jump"]["beats"].as_f64().unwrap() - later).abs() < 0.03,
            "{}: {}",
            track.file,
            excerpt["jump"]
        );
        assert!((excerpt["jump"]["seconds"].as_f64().unwrap() - track.beat(21)).abs() < near, "{}", excerpt["jump"]);
        let is_reported =
            |line: &str| line.starts_with("note: ") && line.contains(track.file) && line.contains("beat grid jumps");
        assert_eq!(output.err.lines().filter(|line| is_reported(line)).count(), 1, "{}", output.err);
    }
}

#[test]
fn straightening_changes_only_the_beat_before_the_jump() {
    let tracks: Vec<TestTrack> = tracks().into_iter().filter(|track| track.in_xml).collect();
    let library = TestLibrary::new(&tracks);
    let output = library.export("--snap downbeat --on-jump straighten");
    assert_eq!(output.status, 0, "{}", output.err);
    assert!(output.err.contains("the last beat before it is made as long as the others"), "{}", output.err);
    for row in library.rows() {
        let track = tracks.iter().find(|track| row[0].ends_with(track.file)).unwrap();
        // Beat 20 is the last before the jump; there is no click where the next one would be without the jump.
        let (clicks, away) = uneven(&library, &row[13], 0.0..0.0);
        assert!(clicks >= 22 && away < 0.002, "{}: {clicks} clicks, {away} s beside", track.file);
    }
}

#[test]
fn a_track_with_a_jump_is_skipped_on_request_and_others_are_exported() {
    let library = TestLibrary::new(&[jumping("jumps.wav", 120.0, 0.4), TestTrack::new("even.wav", 121.0)]);
    let output = library.export("--on-jump skip --report report.json");
    assert_eq!((output.status, library.rows().len()), (0, 1), "{}", output.err);
    assert!(output.err.contains("jumps.wav: its beat grid jumps by +0.40 beats"), "{}", output.err);
    let report: Value = serde_json::from_slice(&fs::read(library.path("report.json")).unwrap()).unwrap();
    assert_eq!(report["skipped"][0]["kind"], "jump");
}
