//! A station is listened to, from inside and from outside.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::process::Command;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use common::station::{self, Station};
use common::{RATE, chords, write};
use serde_json::Value;

/// The exit status and the result of `crowd-radio health`.
fn health(url: &str) -> (Option<i32>, Value) {
    let mut command = Command::new(cargo_bin("crowd-radio"));
    let output = command.args(["health", "--json", "--url", url]).output().unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn a_station_is_in_order_until_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    station::prepare(folder.path(), &[("a", 20), ("b", 9)], &[]);
    let file = folder.path().join("health.json");
    let station = Station::start(folder.path(), &["--health-file", file.to_str().unwrap()]);
    station.playlist("stream.m3u8");
    let url = station.url("");
    let (code, report) = health(&url);
    assert_eq!((code, &report["ok"]), (Some(0), &Value::Bool(true)), "{report}");
    let level = report["levels"]["level_dbfs"].as_f64().unwrap();
    assert!((-25.0..-10.0).contains(&level), "{report}");

    let start = Instant::now();
    while !file.exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "the station does not listen to itself");
        std::thread::sleep(Duration::from_millis(100));
    }
    let own: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(own["ok"], true, "{own}");
    // Neither of the two counts as a listener; the test itself does.
    let clients: Value = serde_json::from_slice(&station.get("healthz").unwrap()).unwrap();
    assert_eq!(clients["hls_clients"], 1);

    station.kill();
    let (code, report) = health(&url);
    assert_eq!((code, report["alarms"][0]["kind"].as_str()), (Some(1), Some("unreachable")), "{report}");
}

#[test]
fn a_program_is_started_when_the_health_changes() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    station::prepare(folder.path(), &[("a", 20)], &[]);
    // Music with silence in it.
    let mut sound = chords(20 * RATE as usize, 0);
    sound[6 * RATE as usize..16 * RATE as usize].fill([0.0; 2]);
    write(&folder.path().join("music"), "a.wav", &sound);
    station::run_setup(folder.path(), &[]);
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("told"), format!("#!/bin/sh\necho \"$@\" >> '{}'\n", path("calls").display())).unwrap();
    std::fs::set_permissions(path("told"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (file, program) = (path("health.json"), path("told"));
    let flags = ["--health-file", file.to_str().unwrap(), "--on-change", program.to_str().unwrap()];
    let station = Station::start(folder.path(), &flags);
    station.playlist("stream.m3u8");
    let start = Instant::now();
    while !path("calls").exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", std::fs::read_to_string(&file));
        std::thread::sleep(Duration::from_millis(200));
    }
    let calls = std::fs::read_to_string(path("calls")).unwrap();
    assert!(calls.starts_with("alarm") && calls.contains("silen"), "{calls}");

    let mut command = Command::new(cargo_bin("crowd-radio"));
    command.args(["stream", "--port", "0", "--on-change", "true", "--processed"]).arg(path("out"));
    let refused = command.arg("--state").arg(path("other")).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--on-change needs --health-file"));
}
