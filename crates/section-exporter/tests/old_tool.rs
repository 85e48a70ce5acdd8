//! Compatibility with the tool that `section-export` replaces: its command lines, and the output that its clients read.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use common::{RunOutput, TestLibrary, TestTrack};
use serde_json::Value;

fn library() -> TestLibrary {
    TestLibrary::new(&[
        TestTrack { key: Some("Gm"), ..TestTrack::new("b.wav", 120.0) },
        TestTrack { key: Some("Cm"), ..TestTrack::new("a.wav", 126.0) },
        TestTrack { key: Some("Am"), change: Some((20, 123.0)), ..TestTrack::new("c.wav", 120.0) },
    ])
}

/// Runs the program on the library's folders with these arguments; an empty argument is written `''`.
fn run(library: &TestLibrary, arguments: &str) -> RunOutput {
    let arguments = format!("--rekordbox rekordbox.xml --audio audio {arguments} struct");
    let mut command = library.command("");
    RunOutput::of(command.args(arguments.split_whitespace().map(|word| if word == "''" { "" } else { word })))
}

#[test]
fn a_range_selects_and_bpm_is_only_the_target_tempo() {
    let library = library();
    let output = run(&library, "--bpm 122 --bpm-min 125 --bpm-max 127 --csv sections.csv");
    assert_eq!(output.status, 0, "{}", output.err);
    let rows = library.rows();
    assert_eq!(rows.len(), 1);
    assert_eq!([&rows[0][1], &rows[0][3], &rows[0][4]], ["126", "122", "0.968253968"]);
}

#[test]
fn without_a_tempo_every_track_is_cut_at_its_own() {
    let library = library();
    let output = run(&library, "--csv-out sections.csv");
    assert_eq!(output.status, 0, "{}", output.err);
    let rows = library.rows();
    let columns = |nth: usize| rows.iter().map(|row| row[nth].as_str()).collect::<Vec<_>>();
    assert_eq!(columns(1), columns(3), "each its own target");
    assert_eq!(columns(4), ["1", "1", "1"]);
    for row in &rows[..2] {
        // Nothing is stretched.
        assert_eq!(library.audio(&row[12]).samples, library.audio(&row[13]).samples, "{}", row[0]);
    }
    // A tempo that changes becomes its mean, in the same time.
    let (original, excerpt) = (library.audio(&rows[2][12]), library.audio(&rows[2][13]));
    assert_eq!(original.frames(), excerpt.frames());
}

#[test]
fn an_empty_key_selects_all_and_an_empty_entry_nothing() {
    let library = library();
    for (arguments, count) in [("--key ''", 3), ("--key ,", 3), ("--key Gm,,Cm", 2), ("--key Gm,", 1)] {
        let output = run(&library, &format!("{arguments} --dry-run"));
        assert_eq!((output.status, output.out.lines().count()), (0, count), "{arguments}: {}", output.err);
    }
}

#[test]
fn standard_output_has_the_paths_of_the_structure_files_in_their_order() {
    let library = library();
    let paths = ["a.wav", "b.wav"].map(|name| library.path("audio").join(name).display().to_string() + "\n").concat();
    let arguments = "--bpm 122 --delta 6 --key Gm,Cm --n-sections 3";
    assert_eq!(run(&library, &format!("{arguments} --dry-run")).out, paths);
    assert_eq!(run(&library, arguments).out, paths);
    let audio = run(&library, &format!("{arguments} --print audio"));
    assert_eq!(audio.out, "audio/a.wav\naudio/b.wav\n");
}

#[test]
fn output_holds_the_structure_files_of_the_selected_tracks() {
    let library = library();
    for arguments in ["--output map.json", "-o map.json --dry-run"] {
        let output = run(&library, &format!("--key Gm,Am {arguments}"));
        assert_eq!(output.status, 0, "{}", output.err);
        let map: Value = serde_json::from_slice(&fs::read(library.path("map.json")).unwrap()).unwrap();
        let names: Vec<&String> = map.as_object().unwrap().keys().collect();
        assert_eq!(names, ["00", "02"], "{arguments}");
        let file: Value = serde_json::from_slice(&fs::read(library.path("struct/00.json")).unwrap()).unwrap();
        assert_eq!(map["00"], file);
        fs::remove_file(library.path("map.json")).unwrap();
    }
}
