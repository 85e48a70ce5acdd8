//! Selects tracks by playlist and excerpts by bars, and cuts shorter ones with `--fallback`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use common::{TestLibrary, TestTrack, find_clicks, left};
use serde_json::json;

fn friday(keys: &[&str]) -> String {
    let tracks: String = keys.iter().map(|key| format!("<TRACK Key=\"{key}\"/>")).collect();
    format!("<NODE Name=\"Friday\" Type=\"1\" KeyType=\"0\">{tracks}</NODE>")
}

#[test]
fn a_playlist_selects_its_tracks_in_its_order_and_missing_ones_are_reported() {
    let library = TestLibrary::new(&[
        TestTrack::new("a.wav", 120.0),
        TestTrack::new("b.wav", 121.0),
        TestTrack::new("c.wav", 122.0),
        TestTrack { intro: false, ..TestTrack::new("cold.wav", 122.0) },
        TestTrack { has_audio: false, ..TestTrack::new("lost.wav", 122.0) },
        TestTrack::new("unanalysed.wav", 122.0),
    ]);
    fs::remove_file(library.path("struct/05.json")).unwrap();
    library.playlists(&friday(&["3", "4", "1", "99", "6", "3", "5"]));
    let output = library.export("--playlist friday --report report.json --print audio");
    assert_eq!((output.status, output.out.as_str()), (0, "audio/c.wav\naudio/a.wav\n"), "{}", output.err);
    for is_reported in [
        "cold.wav: no intro",
        "no audio called \"lost.wav\"",
        "unanalysed.wav: in the playlist /Friday, without a structure file of its own",
        "1 tracks of the playlist /Friday are not in the collection: 99",
    ] {
        assert!(output.err.contains(is_reported), "{is_reported}: {}", output.err);
    }
    assert!(!output.err.contains("b.wav: it is not in the playlist"), "{}", output.err);
    assert_eq!(library.rows().iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["122", "120"]);
    let playlist = &library.report()["playlist"];
    assert_eq!(playlist["name"], "/Friday");
    assert_eq!((&playlist["tracks"], &playlist["others"]), (&json!(5), &json!(1)));
    assert_eq!(playlist["not_in_collection"], json!(["99"]));
    assert!(playlist["without_structure"][0].as_str().unwrap().ends_with("unanalysed.wav"));
    let inspect =
        "inspect b.wav --structure-dir struct --audio-dir audio --rekordbox-xml rekordbox.xml --playlist Friday";
    let output = common::RunOutput::of(&mut library.command(inspect));
    assert!(output.out.contains("not selected: it is not in the playlist /Friday"), "{}{}", output.out, output.err);
}

#[test]
fn an_unknown_or_ambiguous_playlist_is_refused_before_anything_is_written() {
    let library = TestLibrary::new(&[TestTrack::new("a.wav", 120.0)]);
    let again = friday(&["1"]).replace("Friday", "FRIDAY");
    library.playlists(&format!("{}<NODE Type=\"0\" Name=\"Old\">{again}</NODE>", friday(&["1"])));
    for (arguments, is_reported) in [
        ("--playlist Saturday", "no playlist is called \"Saturday\": there are /Friday, /Old/FRIDAY"),
        ("--playlist friday", "2 playlists are called \"friday\""),
        ("--playlist Old", "\"Old\" is a folder: name a playlist; there are /Old/FRIDAY"),
    ] {
        let output = library.export(arguments);
        assert!(
            output.status == 2 && output.err.contains("--playlist") && output.err.contains(is_reported),
            "{arguments}: {}",
            output.err
        );
        assert!(!library.path("parts").exists() && !library.path("sections.csv").exists());
    }
    assert_eq!(library.export("--playlist old/friday").status, 0);
    let output = common::RunOutput::of(&mut library.command("--playlist Friday struct"));
    assert!(output.status == 2 && output.err.contains("--rekordbox-xml"), "{}", output.err);
}

#[test]
fn bars_have_their_length_at_the_target_tempo_also_in_half_tempo_tracks() {
    let library = TestLibrary::new(&[
        TestTrack { sections: 20, ..TestTrack::new("a.wav", 120.0) },
        TestTrack { sections: 20, change: Some((20, 123.0)), ..TestTrack::new("b.wav", 121.0) },
        TestTrack { sections: 20, ..TestTrack::new("slow.wav", 61.0) },
    ]);
    let output = library.export("--bars 16 --snap downbeat --half-double --report report.json");
    assert_eq!(output.status, 0, "{}", output.err);
    let rows = library.rows();
    assert_eq!(rows.len(), 3, "{}", output.err);
    for row in &rows {
        let excerpt = library.audio(&row[13]);
        let frames = 16.0 * 4.0 * 60.0 / 122.0 * f64::from(excerpt.sample_rate);
        assert!((excerpt.frames() as f64 - frames).abs() < 60.0, "{}: {} of {frames} frames", row[0], excerpt.frames());
        assert!(
            (row[8].parse::<f64>().unwrap() - 12.0 * 240.0 / 122.0).abs() < 0.002,
            "mixed out of for four bars: {row:?}"
        );
        let clicks = find_clicks(&left(&excerpt), f64::from(excerpt.sample_rate));
        let beats = if row[0].ends_with("slow.wav") { 32 } else { 64 };
        assert!((beats..=beats + 1).contains(&clicks.len()), "{}: {clicks:?}", row[0]);
        assert!(clicks[0] < 0.002, "begins with a beat: {clicks:?}");
    }
    let output = library.export("--bars 16 --n-sections 3");
    assert!(output.status == 2 && output.err.contains("--n-sections"), "{}", output.err);
}

#[test]
fn a_track_that_is_too_short_is_left_out_or_cut_to_its_end_with_fallback() {
    let library = TestLibrary::new(&[
        TestTrack { intro: false, ..TestTrack::new("cold.wav", 122.0) },
        TestTrack { sections: 2, ..TestTrack::new("sketch.wav", 122.0) },
    ]);
    for (arguments, kinds) in
        [("--snap downbeat", ["no_intro", "too_few_sections"]), ("--bars 50", ["no_intro", "too_few_bars"])]
    {
        let output = library.export(&format!("{arguments} --report report.json"));
        assert!(output.status != 0 && output.err.contains("--fallback"), "{}", output.err);
        let report = library.report();
        assert_eq!([&report["skipped"][0]["kind"], &report["skipped"][1]["kind"]], kinds, "{arguments}");
    }
    let output = library.export("--snap downbeat --fallback --report report.json");
    assert_eq!(output.status, 0, "{}", output.err);
    let report = library.report();
    let notes = |nth: usize| report["parts"][nth]["notes"].to_string();
    assert!(notes(0).contains("no intro: the excerpt begins with the first downbeat, at 0.110 s"), "{}", notes(0));
    assert!(notes(1).contains("2 sections instead of 6"), "{}", notes(1));
    for note in ["cold.wav: no intro", "sketch.wav: 2 sections instead of 6"] {
        assert!(output.err.contains(note), "{}", output.err);
    }
    // Sections have one bar each: six from the first downbeat on, and the two after the intro.
    for (row, bars) in library.rows().iter().zip([6.0, 2.0]) {
        let frames = library.audio(&row[13]).frames() as f64;
        assert!((frames - bars * 4.0 * 60.0 / 122.0 * 44_100.0).abs() < 50.0, "{row:?}: {frames}");
    }
    let output = library.export("--bars 50 --fallback");
    assert!(output.err.contains("cold.wav: 8 bars instead of 50"), "{}", output.err);
    assert!(output.err.contains("sketch.wav: 2 bars instead of 50"), "{}", output.err);
}
