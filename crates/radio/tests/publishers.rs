//! A station publishes to an Icecast server and to a web server. Whatever they do, the station goes on.
#![cfg(all(feature = "aac", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "publishers/sinks.rs"]
mod sinks;
#[path = "publishers/status.rs"]
mod status;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use common::station::Station;
use serde_json::Value;
use sinks::Sink;
use status::{RECONNECTION, SECRET, assert_secret, is_publishing, until};

fn prepare(folder: &Path) {
    common::station::prepare(folder, &[("a", 20)], &[]);
}

/// Asserts that ffmpeg decodes AAC from a mount without a message. Icecast sends it from the middle of a frame on, so that the bytes before
/// the first whole frame are left out.
fn decode_aac(folder: &Path, url: &str) {
    let mut bytes = vec![0; 80_000];
    ureq::get(url).call().unwrap().body_mut().as_reader().read_exact(&mut bytes).unwrap();
    let length = |at: usize| match bytes.get(at..at + 7) {
        Some(&[0xFF, second, _, a, b, c, _]) if second & 0xF6 == 0xF0 => {
            Some(usize::from(a & 3) << 11 | usize::from(b) << 3 | usize::from(c) >> 5)
        }
        _ => None,
    };
    // All frames from there on follow one another.
    let end = |start: usize| {
        let mut at = start;
        while let Some(length) = length(at).filter(|length| *length > 7) {
            at += length;
        }
        at
    };
    let start = (0..2_000).find(|start| end(*start) > bytes.len() - 7).expect("AAC frames");
    let path = folder.join("received.aac");
    std::fs::write(&path, &bytes[start..]).unwrap();
    decode(path.to_str().unwrap());
}

/// Asserts that ffmpeg decodes some seconds without a message.
fn decode(url: &str) {
    let output = Command::new("ffmpeg").args(["-v", "error", "-i", url, "-t", "3", "-f", "null", "-"]).output();
    let output = output.expect("ffmpeg is needed: run make setup-test");
    assert!(output.status.success() && output.stderr.is_empty(), "{url}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn icecast_receives_the_sound_and_its_titles_and_is_reconnected_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(folder);
    let mut icecast = Sink::icecast(folder, SECRET);
    let url = format!("127.0.0.1:{}", icecast.port);
    let file = folder.join("urls");
    std::fs::write(&file, format!("# others\n\nicecast://source:wrong-s3cr3t@{url}/other\n")).unwrap();
    let (aac, opus) = (format!("icecast://{url}/live"), format!("icecast://{url}/live.opus?format=opus"));
    let mut command = Command::new(cargo_bin("crowd-radio"));
    command.env("CROWD_RADIO_PUBLISH_PASSWORD", SECRET);
    let flags = [
        "--formats",
        "ts,opus",
        "--publish",
        &aac,
        "--publish",
        &opus,
        "--publish-file",
        file.to_str().unwrap(),
        "-vv",
    ];
    let started = Instant::now();
    let station = Station::start_by(command, folder, &flags);
    until(&station, &aac, "connected", is_publishing);
    let opus_name = format!("icecast://{url}/live.opus");
    until(&station, &opus_name, "connected", is_publishing);
    println!("connected {:.1} s after the start", started.elapsed().as_secs_f64());
    decode_aac(folder, &format!("http://{url}/live"));
    decode(&format!("http://{url}/live.opus"));
    let (other, _) = until(&station, &format!("icecast://{url}/other"), "refused", |one| one["state"] == "waiting");
    assert!(other["last_error"].as_str().unwrap().contains("password (401)"), "{other}");
    // The title of the station is that of the server.
    let start = Instant::now();
    loop {
        let status =
            ureq::get(format!("http://{url}/status-json.xsl")).call().unwrap().body_mut().read_to_string().unwrap();
        let now: Value = serde_json::from_slice(&station.get("now.json").unwrap()).unwrap();
        let title = now["playing"]["title"].as_str().unwrap();
        if status.contains(&format!("\"title\":\"{title}\"")) {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{status}");
        std::thread::sleep(Duration::from_millis(100));
    }
    icecast.kill();
    for name in [&aac, &opus_name] {
        until(&station, name, "lost", |one| one["state"] == "waiting");
    }
    icecast.restart();
    for name in [&aac, &opus_name] {
        let (publisher, time) = until(&station, name, "reconnected", is_publishing);
        println!("{name}: reconnected {:.2} s after the restart", time.as_secs_f64());
        assert!(time < RECONNECTION && publisher["reconnections"] == 1, "{time:?} {publisher}");
        assert!(publisher["last_error"].is_string() && publisher["since"].as_f64().unwrap() > 1.7e9, "{publisher}");
    }
    decode_aac(folder, &format!("http://{url}/live"));
    let metrics = String::from_utf8(station.get("metrics").unwrap()).unwrap();
    assert!(metrics.contains(&format!("radio_publisher_up{{publisher=\"{aac}\"}} 1")), "{metrics}");
    assert!(metrics.contains(&format!("radio_publisher_reconnections_total{{publisher=\"{aac}\"}} 1")), "{metrics}");
    assert_secret(&station);
}

#[test]
fn segments_are_uploaded_before_their_playlist_and_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(folder);
    let mut nginx = Sink::nginx(folder);
    let (file, name) = (folder.join("urls"), format!("hls-put+http://127.0.0.1:{}/radio/", nginx.port));
    std::fs::write(&file, format!("{name}?cid={SECRET}&max_listed=3&delete=1\n")).unwrap();
    let station = Station::start(folder, &["--publish-file", file.to_str().unwrap(), "-vv"]);
    until(&station, &name, "uploaded", is_publishing);
    let uploaded = |path: &str| std::fs::read(nginx.file("www/radio").join(path));
    let check = || {
        let text = String::from_utf8(uploaded("stream.m3u8").unwrap()).unwrap();
        let playlist = common::publisher::parse(&text);
        assert!(playlist.segments.len() == 3 && playlist.target == 1, "{text}");
        for (_, _, uri) in &playlist.segments {
            assert_eq!(uploaded(uri).unwrap(), station.get(uri).unwrap(), "{uri}");
        }
        playlist
    };
    let first = check();
    nginx.kill();
    until(&station, &name, "lost", |one| one["state"] == "waiting");
    let missed = Instant::now();
    nginx.restart();
    let (publisher, time) = until(&station, &name, "reconnected", is_publishing);
    println!(
        "uploads again {:.2} s after the restart, {:.2} s after the failure",
        time.as_secs_f64(),
        missed.elapsed().as_secs_f64()
    );
    assert!(time < RECONNECTION && publisher["reconnections"] == 1, "{time:?} {publisher}");
    assert_eq!(publisher["skipped_segments"], 0, "{publisher}");
    let uploaded = |path: &str| std::fs::read(nginx.file("www/radio").join(path));
    let start = Instant::now();
    // Segments that have left the playlist for two windows are deleted, and others are not.
    while uploaded(&first.segments[0].2).is_ok() {
        assert!(start.elapsed() < Duration::from_secs(20), "not deleted");
        std::thread::sleep(Duration::from_millis(50));
    }
    let text = String::from_utf8(uploaded("stream.m3u8").unwrap()).unwrap();
    let playlist = common::publisher::parse(&text);
    assert!((7..=12).contains(&(playlist.sequence - first.sequence)), "{} {}", playlist.sequence, first.sequence);
    // A playlist comes after its segments, and no segment is uploaded twice. All use one connection.
    let log = std::fs::read_to_string(nginx.file("access.log")).unwrap();
    let mut puts: Vec<&str> = Vec::new();
    for line in log.lines().filter(|line| line.contains("\"PUT ")) {
        assert!(line.contains(" 201 ") || line.contains(" 204 "), "{line}");
        puts.push(line.split_once("/radio/").unwrap().1.split('?').next().unwrap());
    }
    let of_segments: Vec<&str> = puts.iter().filter(|name| name.starts_with("segments/")).copied().collect();
    let mut different = of_segments.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), of_segments.len(), "{puts:?}");
    assert!(puts[..3].iter().all(|name| name.starts_with("segments/")) && puts[3] == "stream.m3u8", "{puts:?}");
    assert_secret(&station);
}

#[test]
fn servers_that_take_nothing_delay_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(folder);
    let password = folder.join("password");
    std::fs::write(&password, format!("{SECRET}\n")).unwrap();
    // One never reads. The other one accepts a source, and then does not read.
    let (silent, accepting) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let hls = format!("hls-put+http://{}/", silent.local_addr().unwrap());
    let unanswered = format!("icecast://{}/a", silent.local_addr().unwrap());
    let accepted = format!("icecast://{}/a", accepting.local_addr().unwrap());
    std::thread::spawn(move || silent.incoming().collect::<Vec<_>>());
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for mut source in accepting.incoming().map_while(Result::ok) {
            let mut head = [0; 1_024];
            let _ = source.read(&mut head).unwrap();
            source.write_all(b"HTTP/1.0 200 OK\r\n\r\n").unwrap();
            kept.push(source);
        }
    });
    let password = password.to_str().unwrap();
    let flags =
        ["--publish", &hls, "--publish", &unanswered, "--publish", &accepted, "--publish-password-file", password];
    let station = Station::start(folder, &flags);
    until(&station, &accepted, "accepted", is_publishing);
    let (start, mut last, mut longest) = (Instant::now(), (Instant::now(), 0), Duration::ZERO);
    while start.elapsed() < Duration::from_secs(11) {
        let segments = station.health()["published_segments"].as_u64().unwrap();
        if segments > last.1 {
            longest = longest.max(last.0.elapsed());
            last = (Instant::now(), segments);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("longest time between two segments of 1 s: {:.2} s", longest.as_secs_f64());
    assert!(longest < Duration::from_millis(1_700), "{longest:?}");
    let (hls, _) = until(&station, &hls, "no answer", |one| one["last_error"].is_string());
    assert!(hls["last_error"].as_str().unwrap().contains("within 10 s"), "{hls}");
    let (unanswered, _) = until(&station, &unanswered, "no answer", |one| one["last_error"].is_string());
    assert!(unanswered["last_error"].as_str().unwrap().contains("reply within 5 s"), "{unanswered}");
    assert_secret(&station);
    // It stops at once too.
    let stopping = Instant::now();
    assert!(station.stop().success() && stopping.elapsed() < Duration::from_secs(3));
}

#[test]
fn wrong_values_are_named_with_a_way_out_and_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(folder);
    let file = folder.join("urls");
    std::fs::write(&file, format!("ipfs\nhls-put+https://a/b?cid={SECRET}\n")).unwrap();
    let file = file.to_str().unwrap();
    let icecast = ["--publish", "icecast://a/b"];
    for (flags, expected) in [
        (&["--publish", "ipsf"][..], "--publish \"ipsf\": give ipfs, icecast://"),
        (&icecast, "--publish-password-file), or set CROWD_RADIO_PUBLISH_PASSWORD"),
        (&["--publish", "icecast://u:s3cr3t@a/b"], "\"icecast://a/b\": the URL contains a password"),
        (&["--publish", "hls-put+https://a/b/?cid=s3cr3t"], "--publish-file"),
        (&["--publish-file", file], "line 2: \"hls-put+https://a/b\": the path has to end with /"),
        (&["--publish-file", "/nowhere/urls"], "--publish-file /nowhere/urls: "),
        (&["--publish", "icecast://a/b?format=opus", "--publish-password-file", file], "one line"),
    ] {
        let mut command = Command::new(cargo_bin("crowd-radio"));
        command.env_remove("CROWD_RADIO_PUBLISH_PASSWORD").args(["stream", "--port", "0", "--processed"]);
        command.arg(folder.join("out")).arg("--state").arg(folder.join("state")).args(flags);
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(expected) && !text.contains("s3cr3t"), "{flags:?}: {text}");
    }
    let mut command = Command::new(cargo_bin("crowd-radio"));
    command.env("CROWD_RADIO_PUBLISH_PASSWORD", SECRET).args(["stream", "--port", "0", "--processed"]);
    command.arg(folder.join("out")).arg("--state").arg(folder.join("state"));
    let output = command.args(["--publish", "icecast://a/b?format=opus"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("\"icecast://a:8000/b\": the station makes no Opus: start it with --formats ts,opus"),
        "{text}"
    );
}
