//! Runs the program as a DJ does and checks files, table, messages and exit status.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::time::Duration;

use common::{RunOutput, TestLibrary, TestTrack, find_clicks, left};
use crowd_media::{SampleFormat, Samples};
use serde_json::{Value, json};

fn everything() -> Vec<TestTrack> {
    // The tracks are in the order of their paths, as in the table.
    vec![
        TestTrack { first_beat: 0.377, json_bpm: Value::Null, ..TestTrack::new("Grüße & #2 + 100%.wav", 123.87) },
        TestTrack { key: Some("7A"), ..TestTrack::new("at the target.wav", 122.0) },
        TestTrack { change: Some((20, 123.0)), ..TestTrack::new("drummer.wav", 120.0) },
        TestTrack { depth: SampleFormat::F32, peak: 0.9999, ..TestTrack::new("hot.wav", 118.0) },
        TestTrack { rate: 48_000, depth: SampleFormat::I24, channels: 1, ..TestTrack::new("mono.flac", 121.5) },
        TestTrack { key: Some("Gm"), ..TestTrack::new("plain.wav", 120.0) },
        TestTrack { in_xml: false, ..TestTrack::new("unlisted.wav", 122.61) },
    ]
}

#[test]
fn every_beat_of_every_excerpt_is_at_the_time_that_follows_from_the_tempo() {
    let tracks = everything();
    let library = TestLibrary::new(&tracks);
    let output = library.export("--parts-dir parts");
    assert_eq!(output.status, 0, "{}", output.err);
    let rows = library.rows();
    assert_eq!((rows.len(), output.out.lines().count()), (7, 7), "{}", output.err);
    for (track, row) in tracks.iter().zip(&rows) {
        let (ini, end): (f64, f64) = (row[5].parse().unwrap(), row[7].parse().unwrap());
        let excerpt = library.audio(&row[13]);
        let rate = f64::from(excerpt.sample_rate);
        let expected = track.clicks(ini, end, 122.0);
        let found = find_clicks(&left(&excerpt), rate);
        // A click at the very end of an excerpt is cut in half and does not count.
        let whole = |at: &&f64| **at > 0.005 && **at < excerpt.frames() as f64 / rate - 0.005;
        let (expected, found): (Vec<_>, Vec<_>) =
            (expected.iter().filter(whole).collect(), found.iter().filter(whole).collect());
        assert_eq!(found.len(), expected.len(), "{}: {found:?}", track.file);
        for (found, expected) in found.iter().zip(&expected) {
            // The tempo of the track outside the collection is known only from beats rounded to 10 ms.
            let near = if track.in_xml { 0.0003 } else { 0.003 };
            assert!((*found - *expected).abs() < near, "{}: at {found} instead of {expected}", track.file);
        }
        if track.in_xml {
            let beats = track.clicks(ini, end, 1.0).len() as f64;
            assert!(beats > 22.0);
            let frames = (end - ini) / row[4].parse::<f64>().unwrap() * rate;
            assert!((excerpt.frames() as f64 - frames).abs() <= 1.0, "{}: {frames}", track.file);
        }
        let most = left(&excerpt).iter().fold(0.0f64, |most, x| most.max(x.abs()));
        assert!(most < 32_766.5 / 32_768.0, "{}: {most}", track.file);
    }
}

#[test]
fn the_original_has_the_samples_of_the_track_and_so_has_an_excerpt_at_its_own_tempo() {
    let tracks = everything();
    let library = TestLibrary::new(&tracks);
    assert_eq!(library.export("").status, 0);
    for (track, row) in tracks.iter().zip(library.rows()) {
        let whole = library.audio(&format!("audio/{}", track.file));
        let original = library.audio(&row[12]);
        let from = (row[5].parse::<f64>().unwrap() * f64::from(whole.sample_rate)).round() as usize;
        let span = from * usize::from(whole.channels)..(from + original.frames()) * usize::from(whole.channels);
        let same = |excerpt: &Samples| match (&whole.samples, excerpt) {
            (Samples::I16(whole), Samples::I16(excerpt)) => whole[span.clone()] == excerpt[..],
            (Samples::F32(whole), Samples::F32(excerpt)) => whole[span.clone()] == excerpt[..],
            _ => false,
        };
        assert!(same(&original.samples), "{}", track.file);
        if track.file == "at the target.wav" {
            assert!(same(&library.audio(&row[13]).samples), "stretched by nothing");
            assert_eq!(row[4], "1");
        }
    }
}

#[test]
fn the_table_has_the_columns_clients_expect() {
    let library = TestLibrary::new(&[TestTrack { key: Some("6A"), ..TestTrack::new("a.wav", 120.0) }]);
    library.export("");
    let table = fs::read_to_string(library.path("sections.csv")).unwrap();
    let mut lines = table.lines();
    assert_eq!(
        lines.next().unwrap(),
        "path,bpm,key,target_bpm,speed,ini_cue,begin_cue,end_cue,begin_cue_adj,end_cue_adj,duration_orig,\
         duration_sectioned,part_file_orig,part_file,lufs,sections"
    );
    let path = library.path("audio/a.wav");
    // The intro ends at 2.11 s. The sixth section is from 12.11 to 14.11 s.
    let row = lines.next().unwrap();
    let loudness = crowd_media::loudness::measure(&library.audio("parts/a_sectioned.wav")).unwrap().integrated_lufs;
    assert_eq!(
        row,
        format!(
            "{},120,Gm,122,1.016666667,2.11,12.11,14.11,9.836066,11.803279,0:12.00,0:11.80,parts/orig/a_sectioned.wav,\
             parts/a_sectioned.wav,{},verse|verse|verse|verse|verse|verse",
            path.display(),
            (loudness * 100.0).round() / 100.0
        )
    );
}

#[test]
fn tracks_that_are_left_out_are_reported_with_the_reason_and_the_others_are_cut() {
    let library = TestLibrary::new(&[
        TestTrack::new("good.wav", 121.0),
        TestTrack { intro: false, ..TestTrack::new("cold.wav", 121.0) },
        TestTrack { sections: 5, ..TestTrack::new("short.wav", 121.0) },
        TestTrack { has_audio: false, ..TestTrack::new("lost.wav", 121.0) },
        TestTrack::new("fast.wav", 140.0),
        TestTrack { key: Some("C"), ..TestTrack::new("other key.wav", 121.0) },
    ]);
    fs::write(library.path("struct/99.json"), "{ \"path\": 3 }").unwrap();
    fs::write(library.path("audio/broken.wav"), "RIFF of nothing").unwrap();
    let broken = json!({ "path": "broken.wav", "bpm": 121, "beats": [0.0, 0.5, 1.0], "key": "Gm",
        "segments": [{ "start": 0, "end": 1, "label": "intro" }, { "start": 1, "end": 2, "label": "verse" }] });
    fs::write(library.path("struct/98.json"), broken.to_string()).unwrap();
    let output = library.export("--n-sections 6 --report report.json");
    assert_eq!(output.status, 0);
    let report: Value = serde_json::from_slice(&fs::read(library.path("report.json")).unwrap()).unwrap();
    let kinds: Vec<&str> = report["skipped"].as_array().unwrap().iter().map(|s| s["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["structure", "no_intro", "too_few_sections", "no_audio", "other_tempo", "too_few_sections"]);
    assert_eq!(report["parts"].as_array().unwrap().len(), 2, "{}", output.err);
    for (track, reason) in [
        ("99.json", "path"),
        ("cold.wav", "no intro among its 6 sections"),
        ("short.wav", "5 sections follow its intro, 6 are requested: give a smaller --n-sections"),
        ("lost.wav", "no audio called \"lost.wav\""),
        ("fast.wav", "140.00 BPM is not within 112.00 to 132.00 BPM"),
    ] {
        let is_reported =
            output.err.lines().any(|line| line.starts_with("skipped") && line.contains(track) && line.contains(reason));
        assert!(is_reported || track == "cold.wav", "{track}: {}", output.err);
    }
    // A file that cannot be decoded is reported too.
    let output = library.export("--n-sections 1 --key Gm");
    assert_eq!(output.status, 1, "{}", output.err);
    assert!(
        output.err.contains("failed broken.wav: ")
            && output.err.contains("other key.wav: C (8B) is not among the keys Gm"),
        "{}",
        output.err
    );
}

#[test]
fn the_exit_status_of_an_empty_selection_and_of_invalid_input() {
    let library = TestLibrary::new(&[TestTrack::new("a.wav", 121.0)]);
    for (arguments, status, is_reported) in [
        ("--bpm 60 --audio-dir audio struct", 3, "60.00"),
        ("--bpm 122 --audio-dir audio nowhere", 1, "nowhere"),
        ("--bpm 122 --audio-dir nowhere struct", 1, "--audio-dir nowhere"),
        ("--bpm 122 --audio-dir audio --rekordbox-xml struct/00.json struct", 1, "DJ_PLAYLISTS"),
        ("--bpm 0 --audio-dir audio struct", 2, "--bpm"),
        ("--bpm 122 --parts-dir rekordbox.xml --audio-dir audio struct", 1, "rekordbox.xml"),
    ] {
        let output = RunOutput::of(&mut library.command(arguments));
        assert_eq!((output.status, output.err.contains("panicked")), (status, false), "{arguments}: {}", output.err);
        let range = if is_reported == "60.00" { "58.00 to 62.00" } else { is_reported };
        assert!(output.err.contains(range), "{arguments}: {}", output.err);
    }
}

#[test]
fn a_second_run_cuts_nothing_and_a_changed_track_is_cut_alone() {
    let library = TestLibrary::new(&everything());
    let count = |output: &RunOutput| output.err.lines().last().unwrap().to_owned();
    assert_eq!(count(&library.export("")), "7 excerpts cut, 0 unchanged, 0 tracks skipped");
    let table = fs::read(library.path("sections.csv")).unwrap();
    assert_eq!(count(&library.export("")), "0 excerpts cut, 7 unchanged, 0 tracks skipped");
    assert_eq!(fs::read(library.path("sections.csv")).unwrap(), table);
    fs::remove_file(library.path("parts/hot_sectioned.wav")).unwrap();
    let drummer = library.path("audio/drummer.wav");
    fs::File::options().append(true).open(&drummer).unwrap().set_modified(std::time::SystemTime::now()).unwrap();
    assert_eq!(count(&library.export("")), "2 excerpts cut, 5 unchanged, 0 tracks skipped");
    assert_eq!(count(&library.export("--target-bpm 123")), "7 excerpts cut, 0 unchanged, 0 tracks skipped");
    assert_eq!(count(&library.export("--target-bpm 123 --force")), "7 excerpts cut, 0 unchanged, 0 tracks skipped");
}

#[test]
fn a_killed_run_leaves_only_complete_files_and_the_next_run_finishes() {
    let tracks: Vec<TestTrack> = ["a.wav", "b.wav", "c.wav", "d.wav"]
        .map(|file| TestTrack { sections: 15, ..TestTrack::new(file, 121.0) })
        .into();
    let library = TestLibrary::new(&tracks);
    let arguments =
        "--bpm 122 --rekordbox-xml rekordbox.xml --audio-dir audio --csv-out sections.csv --n-sections 14 struct";
    let whole = (14.0 * 4.0 * 60.0 / 122.0 * 44_100.0_f64).round() as i64;
    for milliseconds in [5, 20, 40, 60, 80, 110, 150, 200] {
        let program = assert_cmd::cargo::cargo_bin("section-export");
        let mut child = std::process::Command::new(program)
            .current_dir(library.folder.path())
            .args(arguments.split_whitespace())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        for file in fs::read_dir(library.path("parts")).into_iter().flatten().flatten() {
            let name = file.file_name().into_string().unwrap();
            if name.ends_with(".wav") {
                let frames = library.audio(&format!("parts/{name}")).frames() as i64;
                assert!((frames - whole).abs() < 500, "{name}: {frames} of {whole} frames");
            }
        }
        if library.path("sections.csv").exists() {
            assert_eq!(library.rows().len(), 4);
            // The run was complete, so the next one starts from nothing.
            fs::remove_dir_all(library.path("parts")).unwrap();
            fs::remove_file(library.path("sections.csv")).unwrap();
        }
    }
    let output = RunOutput::of(&mut library.command(arguments));
    assert_eq!((output.status, library.rows().len()), (0, 4), "{}", output.err);
}

#[test]
fn two_tracks_of_one_name_have_different_excerpts() {
    let library = TestLibrary::new(&[TestTrack::new("x.wav", 120.0), TestTrack::new("other/x.wav", 126.0)]);
    assert_eq!(library.export("").status, 0);
    let rows = library.rows();
    assert_eq!([&rows[0][13], &rows[1][13]], ["parts/x_other_sectioned.wav", "parts/x_sectioned.wav"]);
    assert_eq!([&rows[0][1], &rows[1][1]], ["126", "120"]);
}

#[test]
fn a_dry_run_prints_what_would_be_cut_and_writes_nothing() {
    let library = TestLibrary::new(&[TestTrack::new("x.wav", 120.0), TestTrack::new("y.wav", 140.0)]);
    let output = library.export("--dry-run");
    assert_eq!(output.out, format!("{}\n", library.path("audio/x.wav").display()));
    assert_eq!(library.export("--dry-run --print audio").out, "audio/x.wav\n");
    assert!(output.err.contains("1 excerpts would be cut, 1 tracks skipped"), "{}", output.err);
    assert!(!library.path("parts").exists() && !library.path("sections.csv").exists());
}

#[test]
fn half_and_double_tempo_tracks_are_brought_to_half_and_double_the_target() {
    let library = TestLibrary::new(&[TestTrack::new("slow.wav", 87.0), TestTrack::new("fast.wav", 174.5)]);
    let arguments =
        "--bpm 174 --half-double --rekordbox-xml rekordbox.xml --audio-dir audio --csv-out sections.csv struct";
    assert_eq!(RunOutput::of(&mut library.command(arguments)).status, 0);
    let rows = library.rows();
    assert_eq!(
        [rows[0][4].parse::<f64>().unwrap(), rows[1][4].parse().unwrap()].map(|s| (s * 1e4_f64).round()),
        [9_971.0, 10_000.0]
    );
}

#[test]
fn cues_are_written_into_a_copy_of_the_collection_and_everything_else_is_unchanged() {
    let library = TestLibrary::new(&[TestTrack::new("x.wav", 120.0), TestTrack::new("y.wav", 140.0)]);
    library.export("--write-xml with-cues.xml");
    let before = fs::read_to_string(library.path("rekordbox.xml")).unwrap();
    let after = fs::read_to_string(library.path("with-cues.xml")).unwrap();
    assert_eq!(after.matches("<POSITION_MARK").count(), 3);
    let kept: Vec<&str> = after.lines().filter(|line| !line.contains("POSITION_MARK")).collect();
    for line in before.lines().filter(|line| line.contains("y.wav") || !line.contains("x.wav")) {
        assert!(kept.iter().any(|kept| kept.contains(line.trim())), "{line}");
    }
    assert!(after.contains("Rating=\"255\""));
}

#[test]
fn pictures_loudness_and_formats_follow_the_options() {
    let library = TestLibrary::new(&[TestTrack::new("x.wav", 120.0)]);
    let output = library.export("--format flac --bit-depth 24 --loudness -20 --pictures pictures --report report.json");
    assert_eq!(output.status, 0, "{}", output.err);
    let report: Value = serde_json::from_slice(&fs::read(library.path("report.json")).unwrap()).unwrap();
    assert_eq!(report["parts"][0]["format"], "flac 24");
    assert_eq!(report["parts"][0]["audio_found_by"], "file name");
    let excerpt = library.audio("parts/x_sectioned.flac");
    let loudness = crowd_media::loudness::measure(&excerpt).unwrap().integrated_lufs;
    assert!((loudness + 20.0).abs() < 0.2, "{loudness}");
    let picture = fs::read(library.path("pictures/x_sectioned.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 5_000);
}

#[test]
fn inspect_shows_why_a_track_is_selected_or_not() {
    let library = TestLibrary::new(&[
        TestTrack { key: Some("5m"), ..TestTrack::new("x.wav", 120.0) },
        TestTrack { in_xml: false, ..TestTrack::new("y.wav", 140.0) },
    ]);
    let inspect = |arguments: &str| RunOutput::of(&mut library.command(&format!("inspect {arguments}")));
    let output = inspect("x.wav --structure-dir struct --audio-dir audio --rekordbox-xml rekordbox.xml --bpm 122");
    for text in ["found by full path", "120.000 BPM, steady", "Camelot 12A", "ini 2.110, begin 12.110", "selected"] {
        assert!(output.out.contains(text), "{text}: {}{}", output.out, output.err);
    }
    let output = inspect("struct/01.json --audio-dir audio --rekordbox-xml rekordbox.xml --bpm 122");
    assert!(
        output.out.contains("not in it") && output.out.contains("not selected: 140.00 BPM"),
        "{}{}",
        output.out,
        output.err
    );
    let output = inspect("rekordbox.xml --json");
    let value: Value = serde_json::from_str(&output.out).unwrap();
    assert_eq!(value["tracks"].as_array().unwrap().len(), 1);
    assert_eq!(inspect("z.wav --structure-dir struct --audio-dir audio").status, 1);
}

#[test]
fn a_hostile_collection_is_refused_with_the_line() {
    let library = TestLibrary::new(&[TestTrack::new("x.wav", 120.0)]);
    let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\n<DJ_PLAYLISTS>&b;</DJ_PLAYLISTS>";
    fs::write(library.path("rekordbox.xml"), bomb).unwrap();
    let output = library.export("");
    assert_eq!(output.status, 1);
    assert!(output.err.contains("rekordbox.xml: line 2") && output.err.contains("DOCTYPE"), "{}", output.err);
}
