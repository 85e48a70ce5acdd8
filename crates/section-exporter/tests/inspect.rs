//! `inspect` shows the same as the run with the same flags does.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use common::{RunOutput, TestLibrary, TestTrack};
use serde_json::Value;

const SAME: &str = "--bpm 122 --delta 10 --rekordbox-xml rekordbox.xml --audio-dir audio";

fn inspect(library: &TestLibrary, track: &str, arguments: &str) -> Value {
    let arguments = format!("inspect {track} --json --structure-dir struct {SAME} {arguments}");
    let output = RunOutput::of(&mut library.command(&arguments));
    assert_eq!(output.status, 0, "{}", output.err);
    serde_json::from_str(&output.out).unwrap()
}

#[test]
fn inspect_shows_the_cues_that_the_run_with_the_same_flags_cuts_at() {
    // With this first beat the sections of the analyser lie 4 ms from the grid.
    let tracks = [
        TestTrack { first_beat: 0.114, ..TestTrack::new("even.wav", 121.0) },
        TestTrack { first_beat: 0.114, jump: Some((21, 0.4)), ..TestTrack::new("jumps.wav", 120.0) },
    ];
    let library = TestLibrary::new(&tracks);
    for arguments in
        ["", "--snap beat", "--snap downbeat", "--snap downbeat --on-jump straighten", "--n-sections 3 --snap beat"]
    {
        assert_eq!(library.export(arguments).status, 0);
        for row in library.rows() {
            let name = if row[0].ends_with("even.wav") { "even.wav" } else { "jumps.wav" };
            let found = inspect(&library, name, arguments);
            for (nth, cue) in ["ini", "begin", "end"].into_iter().enumerate() {
                let (cut, shown) = (row[5 + nth].parse::<f64>().unwrap(), found["cues"][cue].as_f64().unwrap());
                assert!((cut - shown).abs() < 1e-6, "{name} {arguments}: {cue} {shown}, cut at {cut}");
            }
            assert_eq!(found["selected"], true);
        }
    }
    let found = inspect(&library, "even.wav", "--snap downbeat");
    assert_ne!(found["cues"], found["cues_found"], "the cues before snapping are shown too");
    // A track that the run leaves out is left out here for the same reason.
    let found = inspect(&library, "jumps.wav", "--on-jump skip");
    let output = library.export("--on-jump skip");
    assert!(output.err.contains(found["reason"].as_str().unwrap()), "{}{found}", output.err);
    // A track that is not selected shows what would be cut.
    let arguments = "inspect even.wav --structure-dir struct --audio-dir audio --rekordbox-xml rekordbox.xml --bpm 140";
    let output = RunOutput::of(&mut library.command(arguments));
    assert!(output.out.contains("cues        ini ") && output.out.contains("not selected: 121.00"), "{}", output.out);
}

#[test]
fn contradicting_tempos_are_in_inspect_the_notes_and_the_report() {
    let library = TestLibrary::new(&[
        TestTrack::new("x.wav", 120.0),
        TestTrack::new("y.wav", 120.0),
        TestTrack::new("z.wav", 120.0),
    ]);
    let xml = fs::read_to_string(library.path("rekordbox.xml")).unwrap();
    let mut lines: Vec<String> = xml.lines().map(str::to_owned).collect();
    for (line, bpm) in [(1, "127.00"), (2, "180.00")] {
        lines[line] = lines[line].replace("120.00", bpm);
    }
    fs::write(library.path("rekordbox.xml"), lines.join("\n")).unwrap();
    let output = library.export("--delta 70 --report report.json");
    let report: Value = serde_json::from_slice(&fs::read(library.path("report.json")).unwrap()).unwrap();
    for (track, says) in [
        ("x.wav", "Rekordbox tempo marks say 127.00 BPM, the beats of its structure file make 120.00"),
        (
            "y.wav",
            "say 180.00 BPM, the beats of its structure file make 120.00: the collection counts three beats for two",
        ),
    ] {
        let is_reported = |line: &str| line.starts_with("note: ") && line.contains(track) && line.contains(says);
        assert_eq!(output.err.lines().filter(|line| is_reported(line)).count(), 1, "{}", output.err);
        let found = inspect(&library, track, "");
        assert!(found["notes"][0].as_str().unwrap().contains(says), "{found}");
        let excerpt = |excerpt: &&Value| excerpt["path"].as_str().unwrap().ends_with(track);
        let excerpt = report["parts"].as_array().unwrap().iter().find(excerpt).unwrap();
        assert!(excerpt["notes"][0].as_str().unwrap().contains(says), "{excerpt}");
    }
    assert!(!output.err.contains("z.wav"), "{}", output.err);
}
