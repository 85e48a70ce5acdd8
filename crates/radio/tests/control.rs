//! A running station is changed: skips, requests, files that vanish, and new music.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use common::station::{self, Station};
use common::{RATE, chords, write};
use serde_json::{Value, json};

const TOKEN: &str = "a secret token";

fn post(station: &Station, path: &str, body: &Value) -> (u16, Value) {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let request = ureq::Agent::new_with_config(config).post(station.url(path));
    let request = request.header("Authorization", &format!("Bearer {TOKEN}")).content_type("application/json");
    let mut response = request.send(body.to_string()).unwrap();
    (response.status().as_u16(), serde_json::from_slice(&response.body_mut().read_to_vec().unwrap()).unwrap())
}

fn json_of(station: &Station, path: &str) -> Value {
    serde_json::from_slice(&station.get(path).unwrap()).unwrap()
}

/// The title that plays and those that come, as soon as `found` accepts them.
fn titles(station: &Station, found: impl Fn(&[String]) -> bool) -> Vec<String> {
    let start = Instant::now();
    loop {
        let now = json_of(station, "now.json");
        let next = now["next"].as_array().cloned().unwrap_or_default();
        let titles: Vec<String> = std::iter::once(&now["playing"])
            .chain(&next)
            .map(|item| item["title"].as_str().unwrap_or_default().to_owned())
            .collect();
        if found(&titles) {
            return titles;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{now}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Remembers the segments of a playlist, and checks that none has ever changed.
#[derive(Default)]
struct Seen(BTreeMap<u64, (String, Vec<u8>)>);

impl Seen {
    fn look(&mut self, station: &Station) {
        let playlist = station.playlist("stream.m3u8");
        for ((date, _, uri), number) in playlist.segments.iter().zip(playlist.sequence..) {
            let segment = (format!("{date} {uri}"), station.get(uri).unwrap());
            assert!(*self.0.entry(number).or_insert_with(|| segment.clone()) == segment, "segment {number}");
        }
    }
}

#[test]
fn a_skip_and_a_request_act_within_seconds_and_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let tracks = [("a", 60), ("b", 61), ("c", 62), ("d", 63)];
    station::prepare(folder.path(), &tracks, &[]);
    let flags = ["--token", TOKEN];
    let station = Station::start(folder.path(), &flags);
    let mut seen = Seen::default();
    seen.look(&station);
    titles(&station, |titles| titles[0] == "a");

    let found = {
        let request = ureq::get(station.url("api/items?text=D"));
        let request = request.header("Authorization", &format!("Bearer {TOKEN}"));
        let body = request.call().unwrap().body_mut().read_to_vec().unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    assert_eq!((found["count"].as_u64(), found["items"][0]["title"].as_str()), (Some(1), Some("d")));
    let item = &found["items"][0]["item"];
    assert_eq!(post(&station, "api/requests", &json!({ "item": item })).0, 200);
    let (status, problem) = post(&station, "api/requests", &json!({ "item": "x\ny" }));
    assert!(status == 404 && problem.to_string().contains("there is no item"), "{problem}");
    assert_eq!(ureq::post(station.url("api/skip")).send_empty().map(drop).unwrap_err().to_string(), "http status: 401");

    let start = Instant::now();
    assert_eq!(post(&station, "api/skip", &json!({})).0, 200);
    // The jingle is due before the requested track.
    let coming = titles(&station, |titles| titles[0] != "a");
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    let first = usize::from(coming[0] == "j");
    assert_eq!(coming[first..first + 2], ["d", "j"], "{coming:?}");
    seen.look(&station);
    station.kill();

    let station = Station::start(folder.path(), &flags);
    seen.look(&station);
    let numbers: Vec<u64> = seen.0.keys().copied().collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    titles(&station, |titles| titles[..3] == ["j", "d", "j"] || titles[0] == "d");
}

#[test]
fn a_file_that_vanishes_is_replaced_and_new_music_enters_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    station::prepare(folder.path(), &[("a", 3), ("b", 7)], &[]);
    std::fs::remove_file(folder.path().join("music/b.wav")).unwrap();
    let station = Station::start(folder.path(), &[]);
    let mut seen = Seen::default();
    seen.look(&station);
    // The jingle, which is also the filler, plays instead of the track.
    let coming = titles(&station, |titles| titles.iter().all(|title| title != "b"));
    assert!(coming.contains(&"j".to_owned()) && coming.contains(&"a".to_owned()), "{coming:?}");

    write(&folder.path().join("music"), "c.wav", &chords(5 * RATE as usize, 3));
    station::run_setup(folder.path(), &[]);
    titles(&station, |titles| titles.iter().any(|title| title == "c"));
    let last = *seen.0.keys().last().unwrap();
    let start = Instant::now();
    while seen.0.keys().last().unwrap() < &(last + 3) {
        seen.look(&station);
        assert!(start.elapsed() < Duration::from_secs(20), "the stream stands still");
        std::thread::sleep(Duration::from_millis(300));
    }
    drop(station);

    // After a restart the same segments are made again.
    let station = Station::start(folder.path(), &[]);
    seen.look(&station);
}
