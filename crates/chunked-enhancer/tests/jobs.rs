//! Jobs, measurements and waveforms.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use common::{Folders, fixtures, render};
use serde_json::{Value, json};

/// The events of a job until it ends.
fn events(server: &common::Server, id: &str) -> Vec<Value> {
    let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    write!(socket, "GET /api/jobs/{id}/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let lines = BufReader::new(socket).lines().map_while(Result::ok);
    lines.filter_map(|line| Some(serde_json::from_str(line.strip_prefix("data:")?).unwrap())).collect()
}

#[test]
fn a_job_makes_a_whole_rendition_and_reports_its_progress() {
    let folders = Folders::with_music(200.0);
    let server = folders.serve(&[]);
    let track = server.track("music.wav");
    let request = json!({ "track": track, "preset": "warm", "intensity": 0.7 });
    let job = server.post("/api/jobs", &request.to_string());
    assert_eq!(job.status, 202);
    let job = job.json();
    assert_eq!((&job["preset"], &job["pieces"]), (&json!("warm"), &json!(8)));
    let statuses = events(&server, job["id"].as_str().unwrap());
    let last = statuses.last().unwrap();
    assert_eq!((&last["state"], &last["map"]), (&json!("done"), &json!("22222222")));
    let ready: Vec<u64> = statuses.iter().map(|event| event["ready"].as_u64().unwrap()).collect();
    assert!(ready.is_sorted());
    // A stream of the same rendition uses its chunks.
    let made = server.metric("chunks_made_total");
    assert_eq!(server.get(&format!("/stream/{track}?preset=warm&intensity=0.7")).status, 200);
    assert_eq!(server.metric("chunks_made_total"), made);
    // Its waveform is known now. The waveform of another preset is not.
    let columns = |query: &str| {
        let peaks = server.get(&format!("/api/tracks/{track}/peaks{query}")).json();
        peaks["max"].as_array().unwrap().iter().filter(|column| !column.is_null()).count()
    };
    assert_eq!((columns("?preset=warm&intensity=0.7"), columns("?preset=live"), columns("")), (1_600, 0, 1_600));
}

#[test]
fn a_cancelled_job_stops_and_its_listeners_are_informed() {
    let folders = Folders::with_music(1_800.0);
    let server = folders.serve(&["--cache-size", "2G"]);
    let track = server.track("music.wav");
    let job = server.post("/api/jobs", &json!({ "track": track, "preset": "live" }).to_string()).json();
    let id = job["id"].as_str().unwrap();
    server.wait_for("a chunk", |server| server.metric("chunks_made_total") > 0.0);
    std::thread::scope(|scope| {
        let statuses = scope.spawn(|| events(&server, id));
        std::thread::sleep(std::time::Duration::from_millis(200));
        let deleted = server.ask("DELETE", &format!("/api/jobs/{id}"), &[]).unwrap();
        assert_eq!(deleted.status, 204);
        assert_eq!(statuses.join().unwrap().last().unwrap()["state"], "cancelled");
    });
    assert_eq!(server.get(&format!("/api/jobs/{id}")).status, 404);
    server.wait_for("all listeners to be gone", |server| server.metric("listeners") == 0.0);
    let made = server.metric("frames_made_total");
    assert!(made < 1_800.0 * 44_100.0);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(server.metric("frames_made_total") - made <= 323.0 * 4_096.0);
}

#[test]
fn a_track_has_an_analysis_and_its_original_file() {
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

/// Sends a request without reading the response.
fn request(server: &common::Server, path: &str) -> TcpStream {
    let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    socket
}

/// Items of work that run or wait for a permit.
fn work(server: &common::Server) -> f64 {
    server.metric("work_running") + server.metric("work_waiting")
}

/// The number of records of a kind.
fn records(folders: &Folders, kind: &str) -> usize {
    std::fs::read_dir(folders.cache.path().join("records").join(kind)).map_or(0, Iterator::count)
}

#[test]
fn a_measurement_or_waveform_stops_when_no_request_waits_for_it() {
    let folders = Folders::with_music(900.0);
    let server = folders.serve(&[]);
    let track = server.track("music.wav");
    for (path, kind) in [("?analysis=full", "analysis"), ("/peaks", "waveform")] {
        let before = records(&folders, kind);
        let socket = request(&server, &format!("/api/tracks/{track}{path}"));
        server.wait_for("the work", |server| work(server) == 1.0);
        drop(socket);
        server.wait_for("its end", |server| work(server) == 0.0);
        // The measurement was not finished.
        assert_eq!(records(&folders, kind), before, "{path}");
    }
}

#[test]
fn two_requests_for_the_same_measurement_share_it() {
    let folders = Folders::with_music(900.0);
    let server = folders.serve(&["--workers", "2"]);
    let path = format!("/api/tracks/{}?analysis=full", server.track("music.wav"));
    std::thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| server.get(&path).json()["analysis"].clone()));
        let mut most = 0.0f64;
        while !both.iter().all(|one| one.is_finished()) {
            most = most.max(work(&server));
        }
        let [one, other] = both.map(|one| one.join().unwrap());
        assert!(one == other && one["kind"] == "full", "{one} {other}");
        assert_eq!(most, 1.0);
    });
    assert_eq!(records(&folders, "analysis"), 1);
}

/// The files of the cache that a server has open.
fn open_files(server: &common::Server, folders: &Folders) -> BTreeSet<PathBuf> {
    let all = std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap();
    let files = all.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    files.filter(|path| path.starts_with(folders.cache.path())).collect()
}

#[test]
fn paused_streams_hold_no_file_and_no_place_and_continue_where_they_were() {
    let folders = Folders::with_music(120.0);
    folders.add("other.wav", 1.0);
    let server = folders.serve(&["--max-jobs", "1"]);
    let (track, other) = (server.track("music.wav"), server.track("other.wav"));
    let before = open_files(&server, &folders);
    let mut paused = request(&server, &format!("/stream/{track}?bits=32f"));
    let mut body = vec![0; 4_096];
    paused.read_exact(&mut body).unwrap();
    assert_eq!(server.get(&format!("/stream/{other}")).status, 503);
    server.wait_for("the pause to be noticed", |server| server.get(&format!("/stream/{other}")).status == 200);
    server.wait_for("its files to be closed", |server| open_files(server, &folders) == before && work(server) == 0.0);
    assert_eq!(server.metric("listeners"), 1.0);
    paused.read_to_end(&mut body).unwrap();
    let head = body.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let whole = render(&folders.music.path().join("music.wav"), "out.wav", &["--bits", "32f"]);
    assert!(body[head..] == whole);
}

#[test]
fn a_start_does_not_wait_for_chunks_that_another_listener_needs_later() {
    let folders = Folders::with_music(900.0);
    folders.add("other.wav", 90.0);
    let server = folders.serve(&["--workers", "1"]);
    let (track, other) = (server.track("music.wav"), server.track("other.wav"));
    // This stream is read as fast as it is made.
    let mut fast = request(&server, &format!("/stream/{track}"));
    let mut some = vec![0; 1 << 20];
    fast.read_exact(&mut some).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || std::io::copy(&mut fast, &mut std::io::sink()));
        let second = server.range(&format!("/stream/{other}"), "bytes=44-176443");
        assert_eq!((second.status, second.body.len()), (206, 176_400));
        let made = server.metric("frames_made_total");
        assert!(made < 800.0 * 44_100.0, "{made} frames");
        // This ends the reader.
        for job in server.get("/api/jobs").json().as_array().unwrap() {
            server.ask("DELETE", &format!("/api/jobs/{}", job["id"].as_str().unwrap()), &[]).unwrap();
        }
    });
}
