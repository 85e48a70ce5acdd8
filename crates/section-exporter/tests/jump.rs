//! What becomes of a track whose beat grid jumps by a part of a beat.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use common::{Library, Track, find_clicks, left};
use serde_json::Value;

/// Sections of a bar; beat 21, in the fifth section behind the intro, comes late.
fn jumping(file: &'static str, bpm: f64, later: f64) -> Track {
    Track { jump: Some((21, later)), ..Track::new(file, bpm) }
}

fn tracks() -> Vec<Track> {
    vec![
        jumping("a third later.wav", 120.0, 1.0 / 3.0),
        jumping("half later.wav", 123.0, 0.5),
        jumping("a third earlier.wav", 118.0, -1.0 / 3.0),
        Track { in_xml: false, ..jumping("unlisted.wav", 120.0, 0.4) },
    ]
}

/// How far the clicks of an excerpt lie from an even grid at 122 BPM that begins with its start, in seconds; those beside its
/// ends and in `except` seconds are not looked at.
fn uneven(library: &Library, file: &str, except: std::ops::Range<f64>) -> (usize, f64) {
    let part = library.audio(file);
    let rate = f64::from(part.sample_rate);
    let end = part.frames() as f64 / rate;
    let clicks = find_clicks(&left(&part), rate);
    let whole = |at: &f64| *at > 0.005 && *at < end - 0.005 && !except.contains(at);
    let away = clicks.into_iter().filter(whole).map(|at| {
        let beat = at * 122.0 / 60.0;
        (beat - beat.round()).abs() * 60.0 / 122.0
    });
    away.fold((0, 0.0), |(count, most), away| (count + 1, f64::max(most, away)))
}

#[test]
fn an_excerpt_ends_at_the_bar_before_a_jump_with_every_beat_in_its_place() {
    let tracks = tracks();
    let library = Library::new(&tracks);
    let said = library.export("--snap downbeat --report report.json");
    assert_eq!(said.status, 0, "{}", said.err);
    let report: Value = serde_json::from_slice(&fs::read(library.path("report.json")).unwrap()).unwrap();
    for track in &tracks {
        let rows = library.rows();
        let row = rows.iter().find(|row| row[0].ends_with(track.file)).unwrap();
        // What the collection has not is known from beats on 10 ms.
        let near = if track.in_xml { 0.001 } else { 0.006 };
        let [ini, begin, end] = [5, 6, 7].map(|column| row[column].parse::<f64>().unwrap());
        for (cue, beat) in [(ini, 4), (begin, 16), (end, 20)] {
            assert!((cue - track.beat(beat)).abs() < near, "{}: {cue} instead of {}", track.file, track.beat(beat));
        }
        assert_eq!(row[1].parse::<f64>().unwrap(), track.bpm, "the tempo of the excerpt");
        let (clicks, away) = uneven(&library, &row[13], 0.0..0.0);
        assert!(clicks >= 15 && away < near, "{}: {clicks} clicks, {away} s beside", track.file);
        let part = report["parts"].as_array().unwrap().iter().find(|part| part["path"] == row[0]).unwrap();
        let (_, later) = track.jump.unwrap();
        assert!((part["jump"]["beats"].as_f64().unwrap() - later).abs() < 0.03, "{}: {}", track.file, part["jump"]);
        assert!((part["jump"]["seconds"].as_f64().unwrap() - track.beat(21)).abs() < near, "{}", part["jump"]);
        let told =
            |line: &str| line.starts_with("note: ") && line.contains(track.file) && line.contains("beat grid jumps");
        assert_eq!(said.err.lines().filter(|line| told(line)).count(), 1, "{}", said.err);
    }
}

#[test]
fn straightened_only_the_beat_before_the_jump_changes_its_length() {
    let tracks: Vec<Track> = tracks().into_iter().filter(|track| track.in_xml).collect();
    let library = Library::new(&tracks);
    let said = library.export("--snap downbeat --on-jump straighten");
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.err.contains("the last beat before it is made as long as the others"), "{}", said.err);
    for row in library.rows() {
        let track = tracks.iter().find(|track| row[0].ends_with(track.file)).unwrap();
        // Beat 20 is the last before the jump; the click that was due behind it is not there.
        let (clicks, away) = uneven(&library, &row[13], 0.0..0.0);
        assert!(clicks >= 22 && away < 0.002, "{}: {clicks} clicks, {away} s beside", track.file);
    }
}

#[test]
fn skipped_a_track_with_a_jump_is_told_and_one_without_goes_on() {
    let library = Library::new(&[jumping("jumps.wav", 120.0, 0.4), Track::new("even.wav", 121.0)]);
    let said = library.export("--on-jump skip --report report.json");
    assert_eq!((said.status, library.rows().len()), (0, 1), "{}", said.err);
    assert!(said.err.contains("jumps.wav: its beat grid jumps by +0.40 beats"), "{}", said.err);
    let report: Value = serde_json::from_slice(&fs::read(library.path("report.json")).unwrap()).unwrap();
    assert_eq!(report["skipped"][0]["kind"], "jump");
}
