//! Excerpts at several tempos in one run.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use common::{TestLibrary, TestTrack, find_clicks, left};
use serde_json::Value;

fn stamps(library: &TestLibrary) -> Vec<(String, std::time::SystemTime)> {
    let folders = ["parts", "parts/orig"].map(|folder| library.path(folder));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).flatten();
    let files = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "wav"));
    let mut stamps: Vec<_> = files
        .map(|file| (file.file_name().into_string().unwrap(), file.metadata().unwrap().modified().unwrap()))
        .collect();
    stamps.sort();
    stamps
}

#[test]
fn each_target_has_an_excerpt_of_its_own_and_all_share_the_original() {
    let tracks =
        [TestTrack::new("a.wav", 121.0), TestTrack { change: Some((20, 123.0)), ..TestTrack::new("b.wav", 120.0) }];
    let library = TestLibrary::new(&tracks);
    let output = library.export("--target-bpm 120,122.5,128 --report report.json --pictures pictures");
    assert_eq!(output.status, 0, "{}", output.err);
    assert_eq!(output.err.lines().last().unwrap(), "6 excerpts cut, 0 unchanged, 0 tracks skipped");
    assert_eq!(output.out.lines().count(), 2, "each track once");
    let rows = library.rows();
    assert_eq!(rows.len(), 6);
    for (row, (track, target)) in rows.iter().zip(tracks.iter().flat_map(|t| [(t, "120"), (t, "122.5"), (t, "128")])) {
        let stem = track.file.trim_end_matches(".wav");
        assert_eq!(row[3], target);
        assert_eq!(row[12], format!("parts/orig/{stem}_sectioned.wav"));
        assert_eq!(row[13], format!("parts/{stem}_sectioned_{target}.wav"));
        assert!(library.path(&format!("pictures/{stem}_sectioned_{target}.png")).exists());
        let excerpt = library.audio(&row[13]);
        let clicks = track.clicks(row[5].parse().unwrap(), row[7].parse().unwrap(), target.parse().unwrap());
        let clicks: Vec<f64> = clicks.into_iter().filter(|at| *at > 0.005).collect();
        let end = excerpt.frames() as f64 / f64::from(excerpt.sample_rate) - 0.005;
        let found = find_clicks(&left(&excerpt), f64::from(excerpt.sample_rate));
        for at in clicks.iter().filter(|at| **at < end) {
            assert!(found.iter().any(|found| (found - at).abs() < 0.0003), "{}: {at} of {found:?}", row[13]);
        }
    }
    let report: Value = serde_json::from_slice(&fs::read(library.path("report.json")).unwrap()).unwrap();
    assert_eq!(report["target_bpm"], serde_json::json!([120.0, 122.5, 128.0]));
    assert_eq!(report["parts"].as_array().unwrap().len(), 6);
}

#[test]
fn another_target_changes_neither_the_other_excerpts_nor_the_original() {
    let library = TestLibrary::new(&[TestTrack::new("a.wav", 120.0)]);
    let last = |arguments: &str| library.export(arguments).err.lines().last().unwrap().to_owned();
    assert_eq!(last("--target-bpm 120,122"), "2 excerpts cut, 0 unchanged, 0 tracks skipped");
    let before = stamps(&library);
    assert_eq!(last("--target-bpm 120,122,124"), "1 excerpts cut, 2 unchanged, 0 tracks skipped");
    let after = stamps(&library);
    assert_eq!(after.len(), 4);
    assert!(before.iter().all(|stamp| after.contains(stamp)), "{before:?} {after:?}");
    assert_eq!(last("--target-bpm 120,122,124"), "0 excerpts cut, 3 unchanged, 0 tracks skipped");
    fs::remove_file(library.path("parts/a_sectioned_122.wav")).unwrap();
    assert_eq!(last("--target-bpm 124,122,120"), "1 excerpts cut, 2 unchanged, 0 tracks skipped");
}

#[test]
fn a_target_outside_the_range_fails_alone() {
    let library = TestLibrary::new(&[TestTrack::new("a.wav", 120.0)]);
    let output = library.export("--target-bpm 122,900");
    assert!(output.err.contains("900 BPM") && output.err.contains("7.5"), "{}", output.err);
    assert_eq!(library.rows().len(), 1);
    assert!(library.path("parts/a_sectioned_122.wav").exists() && library.path("parts/orig/a_sectioned.wav").exists());
}
