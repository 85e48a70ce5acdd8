//! `inspect` beside the run with the same flags.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use common::{Library, Said, Track};
use serde_json::Value;

const SAME: &str = "--bpm 122 --delta 10 --rekordbox-xml rekordbox.xml --audio-dir audio";

fn inspect(library: &Library, track: &str, words: &str) -> Value {
    let words = format!("inspect {track} --json --structure-dir struct {SAME} {words}");
    let said = Said::of(&mut library.command(&words));
    assert_eq!(said.status, 0, "{}", said.err);
    serde_json::from_str(&said.out).unwrap()
}

#[test]
fn inspect_shows_the_cues_that_the_run_with_the_same_flags_cuts_at() {
    // The analyser's sections of this first beat lie 4 ms beside the grid.
    let tracks = [
        Track { first_beat: 0.114, ..Track::new("even.wav", 121.0) },
        Track { first_beat: 0.114, jump: Some((21, 0.4)), ..Track::new("jumps.wav", 120.0) },
    ];
    let library = Library::new(&tracks);
    for words in
        ["", "--snap beat", "--snap downbeat", "--snap downbeat --on-jump straighten", "--n-sections 3 --snap beat"]
    {
        assert_eq!(library.export(words).status, 0);
        for row in library.rows() {
            let name = if row[0].ends_with("even.wav") { "even.wav" } else { "jumps.wav" };
            let found = inspect(&library, name, words);
            for (nth, cue) in ["ini", "begin", "end"].into_iter().enumerate() {
                let (cut, shown) = (row[5 + nth].parse::<f64>().unwrap(), found["cues"][cue].as_f64().unwrap());
                assert!((cut - shown).abs() < 1e-6, "{name} {words}: {cue} {shown}, cut at {cut}");
            }
            assert_eq!(found["selected"], true);
        }
    }
    let found = inspect(&library, "even.wav", "--snap downbeat");
    assert_ne!(found["cues"], found["cues_found"], "those of the segments stand beside");
    // What the run leaves out is left out here, for the same reason.
    let found = inspect(&library, "jumps.wav", "--on-jump skip");
    let said = library.export("--on-jump skip");
    assert!(said.err.contains(found["reason"].as_str().unwrap()), "{}{found}", said.err);
    // A track that is not selected shows what would be cut of it.
    let words = "inspect even.wav --structure-dir struct --audio-dir audio --rekordbox-xml rekordbox.xml --bpm 140";
    let said = Said::of(&mut library.command(words));
    assert!(said.out.contains("cues        ini ") && said.out.contains("not selected: 121.00"), "{}", said.out);
}

#[test]
fn tempos_that_contradict_each_other_are_told_by_inspect_the_run_and_the_report() {
    let library = Library::new(&[Track::new("x.wav", 120.0), Track::new("y.wav", 120.0), Track::new("z.wav", 120.0)]);
    let xml = fs::read_to_string(library.path("rekordbox.xml")).unwrap();
    let mut lines: Vec<String> = xml.lines().map(str::to_owned).collect();
    for (line, bpm) in [(1, "127.00"), (2, "180.00")] {
        lines[line] = lines[line].replace("120.00", bpm);
    }
    fs::write(library.path("rekordbox.xml"), lines.join("\n")).unwrap();
    let said = library.export("--delta 70 --report report.json");
    let report: Value = serde_json::from_slice(&fs::read(library.path("report.json")).unwrap()).unwrap();
    for (track, says) in [
        ("x.wav", "Rekordbox tempo marks say 127.00 BPM, the beats of its structure file make 120.00"),
        ("y.wav", "say 180.00 BPM, the beats of its structure file make 120.00: the library counts three for two"),
    ] {
        let told = |line: &str| line.starts_with("note: ") && line.contains(track) && line.contains(says);
        assert_eq!(said.err.lines().filter(|line| told(line)).count(), 1, "{}", said.err);
        let found = inspect(&library, track, "");
        assert!(found["notes"][0].as_str().unwrap().contains(says), "{found}");
        let part = |part: &&Value| part["path"].as_str().unwrap().ends_with(track);
        let part = report["parts"].as_array().unwrap().iter().find(part).unwrap();
        assert!(part["notes"][0].as_str().unwrap().contains(says), "{part}");
    }
    assert!(!said.err.contains("z.wav"), "{}", said.err);
}
