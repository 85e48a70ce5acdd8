//! The tool this one replaces: its command lines, and what its clients read.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use common::{Library, Said, Track};
use serde_json::Value;

fn library() -> Library {
    Library::new(&[
        Track { key: Some("Gm"), ..Track::new("b.wav", 120.0) },
        Track { key: Some("Cm"), ..Track::new("a.wav", 126.0) },
        Track { key: Some("Am"), change: Some((20, 123.0)), ..Track::new("c.wav", 120.0) },
    ])
}

/// The program with the library's folders and these words; an empty one is written `''`.
fn run(library: &Library, words: &str) -> Said {
    let words = format!("--rekordbox rekordbox.xml --audio audio {words} struct");
    let mut command = library.command("");
    Said::of(command.args(words.split_whitespace().map(|word| if word == "''" { "" } else { word })))
}

#[test]
fn a_range_selects_beside_a_tempo_that_is_the_target() {
    let library = library();
    let said = run(&library, "--bpm 122 --bpm-min 125 --bpm-max 127 --csv sections.csv");
    assert_eq!(said.status, 0, "{}", said.err);
    let rows = library.rows();
    assert_eq!(rows.len(), 1);
    assert_eq!([&rows[0][1], &rows[0][3], &rows[0][4]], ["126", "122", "0.968253968"]);
}

#[test]
fn without_a_tempo_every_track_is_cut_at_its_own() {
    let library = library();
    let said = run(&library, "--csv-out sections.csv");
    assert_eq!(said.status, 0, "{}", said.err);
    let rows = library.rows();
    let columns = |nth: usize| rows.iter().map(|row| row[nth].as_str()).collect::<Vec<_>>();
    assert_eq!(columns(1), columns(3), "each its own target");
    assert_eq!(columns(4), ["1", "1", "1"]);
    for row in &rows[..2] {
        // Nothing was stretched.
        assert_eq!(library.audio(&row[12]).samples, library.audio(&row[13]).samples, "{}", row[0]);
    }
    // A tempo that changes comes out as its mean, in the same time.
    let (original, part) = (library.audio(&rows[2][12]), library.audio(&rows[2][13]));
    assert_eq!(original.frames(), part.frames());
}

#[test]
fn an_empty_key_selects_all_and_an_empty_entry_nothing() {
    let library = library();
    for (words, count) in [("--key ''", 3), ("--key ,", 3), ("--key Gm,,Cm", 2), ("--key Gm,", 1)] {
        let said = run(&library, &format!("{words} --dry-run"));
        assert_eq!((said.status, said.out.lines().count()), (0, count), "{words}: {}", said.err);
    }
}

#[test]
fn standard_output_has_the_paths_of_the_structure_files_in_their_order() {
    let library = library();
    let paths = ["a.wav", "b.wav"].map(|name| library.path("audio").join(name).display().to_string() + "\n").concat();
    let words = "--bpm 122 --delta 6 --key Gm,Cm --n-sections 3";
    assert_eq!(run(&library, &format!("{words} --dry-run")).out, paths);
    assert_eq!(run(&library, words).out, paths);
    let audio = run(&library, &format!("{words} --print audio"));
    assert_eq!(audio.out, "audio/a.wav\naudio/b.wav\n");
}

#[test]
fn output_holds_the_structure_files_of_the_selected_tracks() {
    let library = library();
    for words in ["--output map.json", "-o map.json --dry-run"] {
        let said = run(&library, &format!("--key Gm,Am {words}"));
        assert_eq!(said.status, 0, "{}", said.err);
        let map: Value = serde_json::from_slice(&fs::read(library.path("map.json")).unwrap()).unwrap();
        let names: Vec<&String> = map.as_object().unwrap().keys().collect();
        assert_eq!(names, ["00", "02"], "{words}");
        let file: Value = serde_json::from_slice(&fs::read(library.path("struct/00.json")).unwrap()).unwrap();
        assert_eq!(map["00"], file);
        fs::remove_file(library.path("map.json")).unwrap();
    }
}
