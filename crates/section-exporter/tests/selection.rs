//! What a DJ asks of a library: a playlist, so many bars, and what there is where there is less.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use common::{Library, Track, find_clicks, left};
use serde_json::json;

fn friday(keys: &[&str]) -> String {
    let tracks: String = keys.iter().map(|key| format!("<TRACK Key=\"{key}\"/>")).collect();
    format!("<NODE Name=\"Friday\" Type=\"1\" KeyType=\"0\">{tracks}</NODE>")
}

#[test]
fn a_playlist_selects_its_tracks_in_its_order_and_tells_what_is_missing() {
    let library = Library::new(&[
        Track::new("a.wav", 120.0),
        Track::new("b.wav", 121.0),
        Track::new("c.wav", 122.0),
        Track { intro: false, ..Track::new("cold.wav", 122.0) },
        Track { has_audio: false, ..Track::new("lost.wav", 122.0) },
        Track::new("unanalysed.wav", 122.0),
    ]);
    fs::remove_file(library.path("struct/05.json")).unwrap();
    library.playlists(&friday(&["3", "4", "1", "99", "6", "3", "5"]));
    let said = library.export("--playlist friday --report report.json --print audio");
    assert_eq!((said.status, said.out.as_str()), (0, "audio/c.wav\naudio/a.wav\n"), "{}", said.err);
    for told in [
        "cold.wav: no intro",
        "no audio called \"lost.wav\"",
        "unanalysed.wav: in the playlist /Friday, without a structure file of its own",
        "1 tracks of the playlist /Friday are not in the collection: 99",
    ] {
        assert!(said.err.contains(told), "{told}: {}", said.err);
    }
    assert!(!said.err.contains("b.wav: it is not in the playlist"), "{}", said.err);
    assert_eq!(library.rows().iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["122", "120"]);
    let playlist = &library.report()["playlist"];
    assert_eq!(playlist["name"], "/Friday");
    assert_eq!((&playlist["tracks"], &playlist["others"]), (&json!(5), &json!(1)));
    assert_eq!(playlist["not_in_collection"], json!(["99"]));
    assert!(playlist["without_structure"][0].as_str().unwrap().ends_with("unanalysed.wav"));
    let inspect =
        "inspect b.wav --structure-dir struct --audio-dir audio --rekordbox-xml rekordbox.xml --playlist Friday";
    let said = common::Said::of(&mut library.command(inspect));
    assert!(said.out.contains("not selected: it is not in the playlist /Friday"), "{}{}", said.out, said.err);
}

#[test]
fn a_playlist_that_is_not_there_or_not_sure_is_told_before_anything_is_written() {
    let library = Library::new(&[Track::new("a.wav", 120.0)]);
    let again = friday(&["1"]).replace("Friday", "FRIDAY");
    library.playlists(&format!("{}<NODE Type=\"0\" Name=\"Old\">{again}</NODE>", friday(&["1"])));
    for (words, told) in [
        ("--playlist Saturday", "no playlist is called \"Saturday\": there are /Friday, /Old/FRIDAY"),
        ("--playlist friday", "2 playlists are called \"friday\""),
        ("--playlist Old", "\"Old\" is a folder: name a playlist; there are /Old/FRIDAY"),
    ] {
        let said = library.export(words);
        assert!(
            said.status == 2 && said.err.contains("--playlist") && said.err.contains(told),
            "{words}: {}",
            said.err
        );
        assert!(!library.path("parts").exists() && !library.path("sections.csv").exists());
    }
    assert_eq!(library.export("--playlist old/friday").status, 0);
    let said = common::Said::of(&mut library.command("--playlist Friday struct"));
    assert!(said.status == 2 && said.err.contains("--rekordbox-xml"), "{}", said.err);
}

#[test]
fn bars_are_as_long_as_they_are_at_the_target_whatever_the_track_counts() {
    let library = Library::new(&[
        Track { sections: 20, ..Track::new("a.wav", 120.0) },
        Track { sections: 20, change: Some((20, 123.0)), ..Track::new("b.wav", 121.0) },
        Track { sections: 20, ..Track::new("slow.wav", 61.0) },
    ]);
    let said = library.export("--bars 16 --snap downbeat --half-double --report report.json");
    assert_eq!(said.status, 0, "{}", said.err);
    let rows = library.rows();
    assert_eq!(rows.len(), 3, "{}", said.err);
    for row in &rows {
        let part = library.audio(&row[13]);
        let frames = 16.0 * 4.0 * 60.0 / 122.0 * f64::from(part.sample_rate);
        assert!((part.frames() as f64 - frames).abs() < 60.0, "{}: {} of {frames} frames", row[0], part.frames());
        assert!(
            (row[8].parse::<f64>().unwrap() - 12.0 * 240.0 / 122.0).abs() < 0.002,
            "mixed out of for four bars: {row:?}"
        );
        let clicks = find_clicks(&left(&part), f64::from(part.sample_rate));
        let beats = if row[0].ends_with("slow.wav") { 32 } else { 64 };
        assert!((beats..=beats + 1).contains(&clicks.len()), "{}: {clicks:?}", row[0]);
        assert!(clicks[0] < 0.002, "begins with a beat: {clicks:?}");
    }
    let said = library.export("--bars 16 --n-sections 3");
    assert!(said.status == 2 && said.err.contains("--n-sections"), "{}", said.err);
}

#[test]
fn a_track_with_less_than_is_wanted_is_left_out_or_taken_as_far_as_it_goes() {
    let library = Library::new(&[
        Track { intro: false, ..Track::new("cold.wav", 122.0) },
        Track { sections: 2, ..Track::new("sketch.wav", 122.0) },
    ]);
    for (words, kinds) in
        [("--snap downbeat", ["no_intro", "too_few_sections"]), ("--bars 50", ["no_intro", "too_few_bars"])]
    {
        let said = library.export(&format!("{words} --report report.json"));
        assert!(said.status != 0 && said.err.contains("--fallback"), "{}", said.err);
        let report = library.report();
        assert_eq!([&report["skipped"][0]["kind"], &report["skipped"][1]["kind"]], kinds, "{words}");
    }
    let said = library.export("--snap downbeat --fallback --report report.json");
    assert_eq!(said.status, 0, "{}", said.err);
    let report = library.report();
    let notes = |nth: usize| report["parts"][nth]["notes"].to_string();
    assert!(notes(0).contains("no intro: the excerpt begins with the first downbeat, at 0.110 s"), "{}", notes(0));
    assert!(notes(1).contains("2 sections instead of 6"), "{}", notes(1));
    for note in ["cold.wav: no intro", "sketch.wav: 2 sections instead of 6"] {
        assert!(said.err.contains(note), "{}", said.err);
    }
    // A bar each: six from the first downbeat on, and the two behind the intro.
    for (row, bars) in library.rows().iter().zip([6.0, 2.0]) {
        let frames = library.audio(&row[13]).frames() as f64;
        assert!((frames - bars * 4.0 * 60.0 / 122.0 * 44_100.0).abs() < 50.0, "{row:?}: {frames}");
    }
    let said = library.export("--bars 50 --fallback");
    assert!(said.err.contains("cold.wav: 8 bars instead of 50"), "{}", said.err);
    assert!(said.err.contains("sketch.wav: 2 bars instead of 50"), "{}", said.err);
}
