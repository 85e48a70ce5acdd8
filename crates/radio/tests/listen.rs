//! The streams for players without HLS, over real connections.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::station::{Station, prepare};
use crowd_streaming::aac::{AacFrame, adts_frames};

/// The head of a response, and a connection from which its body is read.
struct Answer {
    head: String,
    connection: TcpStream,
    /// Bytes of the body that arrived with the head.
    body: Vec<u8>,
}

fn ask(station: &Station, request: &str) -> Answer {
    let mut connection = station.connect();
    connection.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    connection.write_all(format!("{request}\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let end = loop {
        let mut block = [0; 4_096];
        let read = connection.read(&mut block).unwrap();
        bytes.extend(&block[..read]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        assert!(read > 0, "no head: {}", String::from_utf8_lossy(&bytes));
    };
    let body = bytes.split_off(end);
    Answer { head: String::from_utf8(bytes).unwrap().to_lowercase(), connection, body }
}

impl Answer {
    /// Reads for a time. The connection must stay open.
    fn read_for(&mut self, time: Duration) {
        let start = Instant::now();
        let mut block = [0; 65_536];
        while start.elapsed() < time {
            let read = self.connection.read(&mut block).unwrap();
            assert!(read > 0, "the stream has ended after {:?}", start.elapsed());
            self.body.extend(&block[..read]);
        }
    }
}

/// The AAC frames of a stream that was cut off at any byte.
fn frames(stream: &[u8]) -> Vec<AacFrame> {
    let mut at = 0;
    while let Some(head) = stream.get(at..at + 7) {
        let length = usize::from(head[3] & 3) << 11 | usize::from(head[4]) << 3 | usize::from(head[5] >> 5);
        if at + length > stream.len() {
            break;
        }
        at += length;
    }
    adts_frames(&stream[..at]).unwrap().1
}

/// Takes the titles out of a stream with metadata every 16,000 bytes.
fn without_titles(mut stream: &[u8]) -> (Vec<u8>, Vec<String>) {
    let (mut sound, mut titles) = (Vec::new(), Vec::new());
    while let Some((before, after)) = stream.split_at_checked(16_000) {
        sound.extend(before);
        let length = after.first().map_or(0, |units| 16 * usize::from(*units));
        let Some(block) = after.get(1..1 + length) else { return (sound, titles) };
        if length > 0 {
            let text = String::from_utf8(block.to_vec()).unwrap();
            let title = text.trim_end_matches('\0').strip_prefix("StreamTitle='").unwrap();
            titles.push(title.strip_suffix("';").unwrap().to_owned());
        }
        stream = &after[1 + length..];
    }
    sound.extend(stream);
    (sound, titles)
}

#[test]
fn a_player_receives_4_seconds_at_once_then_all_frames_at_the_pace_of_the_station_with_titles() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), &[("One", 4), ("Two'; best", 3)], &["--name", "Radio \u{DC}"]);
    let station = Station::start(folder.path(), &["--formats", "adts"]);
    station.playlist("adts.m3u8");
    let mut segments = BTreeMap::new();
    let mut listen = || {
        let playlist = station.playlist("adts.m3u8");
        for ((.., uri), number) in playlist.segments.into_iter().zip(playlist.sequence..) {
            segments.entry(number).or_insert_with(|| {
                let bytes = station.get(&uri).unwrap();
                // The tag with the time and the title is before the frames.
                let tag = bytes[6..10].iter().fold(0, |sum, byte| sum << 7 | usize::from(*byte));
                adts_frames(&bytes[10 + tag..]).unwrap().1
            });
        }
    };
    listen();
    let start = Instant::now();
    let mut player = ask(&station, "GET /listen.aac HTTP/1.0\r\nIcy-MetaData: 1");
    for line in [
        "http/1.0 200 ok",
        "content-type: audio/aac",
        "cache-control: no-cache, no-store",
        "access-control-allow-origin: *",
        "x-accel-buffering: no",
        "icy-br: 128",
        "icy-metaint: 16000",
    ] {
        assert!(player.head.lines().any(|found| found == line), "{line}: {}", player.head);
    }
    assert!(player.head.contains("icy-name: radio \u{FC}") && !player.head.contains("transfer-encoding"));
    player.read_for(Duration::from_millis(100));
    let burst = frames(&without_titles(&player.body).0).len() as f64 * 1_024.0 / 48_000.0;
    // What was made until now is in it too.
    let most = 4.3 + start.elapsed().as_secs_f64();
    assert!((3.9..most).contains(&burst), "{burst:.2} s of {most:.2} s");
    for _ in 0..6 {
        player.read_for(Duration::from_secs(2));
        listen();
    }
    let expected = 4.0 + start.elapsed().as_secs_f64();
    let (sound, titles) = without_titles(&player.body);
    let received = frames(&sound);
    let seconds = received.len() as f64 * 1_024.0 / 48_000.0;
    assert!((seconds - expected).abs() < 0.7, "{seconds:.2} s instead of {expected:.2} s");
    // All frames are those of the segments, and none is missing.
    let all: Vec<AacFrame> = segments.into_values().flatten().collect();
    let first = all.windows(2).position(|pair| pair == &received[..2]).unwrap();
    let both = received.len().min(all.len() - first);
    assert!(all[first..first + both] == received[..both] && both as f64 > 0.8 * received.len() as f64);
    // The titles follow each other, and the apostrophe before a semicolon is replaced.
    let order = ["j", "One", "j", "Two\u{2019}; best", "j"];
    assert!(titles.len() >= 4, "{titles:?}");
    for pair in titles.windows(2) {
        assert!(order.windows(2).any(|known| known == pair), "{titles:?}");
    }
}

#[test]
fn requests_are_answered_as_players_expect() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), &[("a", 9)], &[]);
    let station = Station::start(folder.path(), &["--formats", "ts,opus"]);
    station.playlist("stream.m3u8");
    for (path, media_type) in [("listen.aac", "audio/aac"), ("listen.opus", "audio/ogg")] {
        for version in ["1.0", "1.1"] {
            let mut head = ask(&station, &format!("HEAD /{path} HTTP/{version}\r\nConnection: close"));
            assert!(head.head.contains(" 200 ok") && head.head.contains(media_type), "{}", head.head);
            assert_eq!(head.connection.read_to_end(&mut head.body).map(|_| head.body.len()).unwrap(), 0);
            let plain = ask(&station, &format!("GET /{path} HTTP/{version}"));
            assert!(!plain.head.contains("icy-metaint") && !plain.head.contains("transfer-encoding"), "{}", plain.head);
        }
    }
    // A restarted player needs the headers of Opus again.
    let mut opus = ask(&station, "GET /listen.opus HTTP/1.1");
    opus.read_for(Duration::from_millis(300));
    assert!(opus.body.starts_with(b"OggS\0\x02") && opus.body[28..].starts_with(b"OpusHead"));
    let plain = Station::start(&other_station(folder.path()), &[]);
    assert_eq!(ask(&plain, "GET /listen.opus HTTP/1.1").head.lines().next(), Some("http/1.1 404 not found"));
}

/// The same prepared music in a station with another state.
fn other_station(folder: &std::path::Path) -> std::path::PathBuf {
    let other = folder.join("other");
    std::fs::create_dir(&other).unwrap();
    std::os::unix::fs::symlink(folder.join("out"), other.join("out")).unwrap();
    other
}

#[test]
fn a_listener_that_does_not_read_is_disconnected_and_counted_and_another_plays_on() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), &[("a", 9)], &["--bit-rate", "320000"]);
    let station = Station::start(folder.path(), &[]);
    station.playlist("stream.m3u8");
    let health = || String::from_utf8(station.get("healthz").unwrap()).unwrap();
    let mut slow = ask(&station, "GET /listen.aac HTTP/1.1");
    let mut other = ask(&station, "GET /listen.aac HTTP/1.1");
    assert!(health().contains("\"aac\":2"), "{}", health());
    let start = Instant::now();
    while health().contains("\"dropped_listeners\":0") {
        other.read_for(Duration::from_millis(500));
        assert!(start.elapsed() < Duration::from_secs(40), "{}", health());
    }
    println!("disconnected after {:.1} s", start.elapsed().as_secs_f64());
    assert!(health().contains("\"aac\":1,"), "{}", health());
    other.read_for(Duration::from_secs(1));
    let seconds = frames(&other.body).len() as f64 * 1_024.0 / 48_000.0;
    let expected = 4.0 + start.elapsed().as_secs_f64();
    assert!((seconds - expected).abs() < 0.7, "{seconds:.2} s instead of {expected:.2} s");
    // What was sent to the slow listener is bounded by the buffers of the system.
    slow.connection.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    match slow.connection.read_to_end(&mut slow.body) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    assert!(slow.body.len() < 1 << 20, "{} bytes", slow.body.len());
}
