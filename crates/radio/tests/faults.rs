//! Faults of disks and files, while the program runs as its users run it.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]

mod common;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use common::station::{Station, prepare};

/// Waits until `/healthz` names a fault with this text, or none.
fn wait_for_fault(station: &Station, text: Option<&str>) {
    let start = Instant::now();
    loop {
        let health = station.health();
        let fault = health["fault"].as_str();
        let found = match text {
            Some(text) => fault.is_some_and(|fault| fault.contains(text)),
            None => fault.is_none(),
        };
        if found {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{health}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Listens for some segments of a second. Each of them must come in time, and can be fetched.
fn listen(station: &Station, segments: u64) {
    let first = station.playlist("stream.m3u8").sequence;
    let start = Instant::now();
    loop {
        let playlist = station.playlist("stream.m3u8");
        assert!(station.get(&playlist.segments.last().unwrap().2).is_some_and(|bytes| bytes.len() > 1_000));
        if playlist.sequence >= first + segments {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(2 * segments + 4), "{} of {segments}", playlist.sequence - first);
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_full_disk_is_told_and_the_stream_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), &[("a", 20), ("b", 9)], &[]);
    let state = folder.path().join("state");
    std::fs::create_dir(&state).unwrap();
    // A disk of 100 kB, which only this process sees, and which is unmounted when it ends.
    let mount = format!("mount -t tmpfs -o size=100k none '{}' && exec \"$@\"", state.display());
    let ways: [&[&str]; 2] = [&["--mount"], &["--map-root-user", "--mount"]];
    let unshare = |way: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(way).args(["sh", "-c", &mount, "sh"]);
        command
    };
    let may_mount = |way: &&&[&str]| unshare(way).arg("true").output().is_ok_and(|output| output.status.success());
    let Some(way) = ways.iter().find(may_mount) else {
        eprintln!("SKIPPED: a full disk: mounting is not permitted here (unshare --map-root-user --mount)");
        return;
    };
    let mut command = unshare(way);
    command.arg(cargo_bin("crowd-radio"));
    let station = Station::start_by(command, folder.path(), &[]);
    let inside = |script: &str| {
        let mut command = Command::new("nsenter");
        if way.len() > 1 {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.args(["--mount", "--target", &station.process().to_string()]);
        let status = command.args(["sh", "-c", script, "sh"]).arg(&state).status();
        status.unwrap().success()
    };
    station.playlist("stream.m3u8");
    assert!(inside("rm -rf \"$1/pieces\"; ! cat /dev/zero > \"$1/other\""));
    listen(&station, 4);
    wait_for_fault(&station, Some("No space left on device"));
    listen(&station, 4);
    assert!(inside("rm \"$1/other\""));
    wait_for_fault(&station, None);
    // What was published is saved now.
    assert!(inside("test -s \"$1/station.json\""));
}

#[test]
fn a_state_folder_that_has_vanished_is_told_and_the_stream_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), &[("a", 20), ("b", 9)], &[]);
    let station = Station::start(folder.path(), &[]);
    station.playlist("stream.m3u8");
    let (state, away) = (folder.path().join("state"), folder.path().join("away"));
    std::fs::rename(&state, &away).unwrap();
    listen(&station, 4);
    wait_for_fault(&station, Some("state"));
    std::fs::rename(&away, &state).unwrap();
    wait_for_fault(&station, None);
    listen(&station, 2);
}

#[test]
fn torn_pieces_are_made_again() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), &[("a", 20), ("b", 9)], &["--crossfade", "2"]);
    let pieces: Vec<_> = std::fs::read_dir(folder.path().join("out/pieces")).unwrap().map(Result::unwrap).collect();
    assert!(pieces.len() > 1);
    let sizes = |path: &Path| std::fs::metadata(path).unwrap().len();
    for piece in &pieces {
        let half = sizes(&piece.path()) / 2;
        std::fs::File::options().write(true).open(piece.path()).unwrap().set_len(half).unwrap();
    }
    let station = Station::start(folder.path(), &[]);
    listen(&station, 8);
    assert_eq!(station.health()["lost_items"], 0);
    assert_eq!(station.health()["fault"], serde_json::Value::Null);
}
