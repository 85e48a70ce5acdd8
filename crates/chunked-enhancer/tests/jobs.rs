//! Jobs: prepared, watched, cancelled; and what there is to know of a track.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use common::{Folders, fixtures};
use serde_json::{Value, json};

/// The events of a job, until it is over.
fn events(server: &common::Server, id: &str) -> Vec<Value> {
    let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    write!(socket, "GET /api/jobs/{id}/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let lines = BufReader::new(socket).lines().map_while(Result::ok);
    lines.filter_map(|line| Some(serde_json::from_str(line.strip_prefix("data:")?).unwrap())).collect()
}

#[test]
fn a_job_is_prepared_as_a_whole_and_tells_how_far_it_is() {
    let folders = Folders::with_music(200.0);
    let server = folders.serve(&[]);
    let track = server.track("music.wav");
    let wish = json!({ "track": track, "preset": "warm", "intensity": 0.7 });
    let job = server.post("/api/jobs", &wish.to_string());
    assert_eq!(job.status, 202);
    let job = job.json();
    assert_eq!((&job["preset"], &job["pieces"]), (&json!("warm"), &json!(8)));
    let told = events(&server, job["id"].as_str().unwrap());
    let last = told.last().unwrap();
    assert_eq!((&last["state"], &last["map"]), (&json!("done"), &json!("22222222")));
    let ready: Vec<u64> = told.iter().map(|event| event["ready"].as_u64().unwrap()).collect();
    assert!(ready.is_sorted());
    // It is what a listener of the same order gets, and costs nothing more.
    let made = server.metric("chunks_made_total");
    assert_eq!(server.get(&format!("/stream/{track}?preset=warm&intensity=0.7")).status, 200);
    assert_eq!(server.metric("chunks_made_total"), made);
    // Its waveform is known now; that of another preset is not.
    let columns = |query: &str| {
        let peaks = server.get(&format!("/api/tracks/{track}/peaks{query}")).json();
        peaks["max"].as_array().unwrap().iter().filter(|column| !column.is_null()).count()
    };
    assert_eq!((columns("?preset=warm&intensity=0.7"), columns("?preset=live"), columns("")), (1_600, 0, 1_600));
}

#[test]
fn a_cancelled_job_stops_and_whoever_listens_hears_of_it() {
    let folders = Folders::with_music(1_800.0);
    let server = folders.serve(&["--cache-size", "2G"]);
    let track = server.track("music.wav");
    let job = server.post("/api/jobs", &json!({ "track": track, "preset": "live" }).to_string()).json();
    let id = job["id"].as_str().unwrap();
    server.wait_for("a chunk", |server| server.metric("chunks_made_total") > 0.0);
    std::thread::scope(|scope| {
        let told = scope.spawn(|| events(&server, id));
        std::thread::sleep(std::time::Duration::from_millis(200));
        let gone = server.ask("DELETE", &format!("/api/jobs/{id}"), &[]).unwrap();
        assert_eq!(gone.status, 204);
        assert_eq!(told.join().unwrap().last().unwrap()["state"], "cancelled");
    });
    assert_eq!(server.get(&format!("/api/jobs/{id}")).status, 404);
    server.wait_for("everybody to be gone", |server| server.metric("listeners") == 0.0);
    let made = server.metric("frames_made_total");
    assert!(made < 1_800.0 * 44_100.0);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(server.metric("frames_made_total") - made <= 323.0 * 4_096.0);
}

#[test]
fn a_track_tells_what_it_measures_like_and_brings_its_original() {
    let folders = Folders::with_music(20.0);
    std::fs::copy(fixtures().join("lame.mp3"), folders.music.path().join("a.mp3")).unwrap();
    let server = folders.serve(&[]);
    let track = server.get(&format!("/api/tracks/{}", server.track("music.wav"))).json();
    let lufs = track["analysis"]["integrated_lufs"].as_f64().unwrap();
    assert!((-40.0..0.0).contains(&lufs), "{track:#}");
    assert_eq!((&track["frames"], &track["title"]), (&json!(882_000), &json!("music")));
    let original = server.get(&format!("/original/{}", server.track("a.mp3")));
    assert_eq!(original.header("content-type"), "audio/mpeg");
    assert!(original.body == std::fs::read(fixtures().join("lame.mp3")).unwrap());
}
