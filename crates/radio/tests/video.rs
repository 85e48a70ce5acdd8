//! A station publishes with video: to an RTMP server, also over TLS, and as segments that are uploaded by HTTPS.
#![cfg(all(feature = "aac", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "publishers/sinks.rs"]
mod sinks;
#[path = "publishers/status.rs"]
mod status;

use std::collections::BTreeMap;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use common::station::Station;
use crowd_streaming::aac::{AacFrame, adts_frames};
use crowd_streaming::transport_stream_sound;
use sinks::Sink;
use status::{RECONNECTION, SECRET, assert_secret, is_publishing, until};

/// A small picture of a low rate, so that encoding takes little time.
const SMALL: [&str; 4] = ["--publish-video-size", "320x180", "--publish-video-bit-rate", "400000"];

fn ffmpeg(arguments: &[&str]) {
    let output = Command::new("ffmpeg").args(["-v", "warning", "-y"]).args(arguments).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A table of ffprobe: a line for each packet of the video, with these fields.
fn packets(path: &Path, stream: &str, fields: &str) -> Vec<Vec<String>> {
    let entries = format!("packet={fields}");
    let arguments = ["-v", "error", "-select_streams", stream, "-show_entries", &entries, "-of", "csv=p=0"];
    let output = Command::new("ffprobe").args(arguments).arg(path).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // Some formats have empty lines too.
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| line.trim_end_matches(',').split(',').map(str::to_owned).collect()).collect()
}

/// Asserts that decoding times only grow, and returns the times of the key pictures in seconds.
fn key_pictures(path: &Path) -> Vec<f64> {
    let packets = packets(path, "v:0", "dts_time,flags");
    let times: Vec<f64> = packets.iter().map(|packet| packet[0].parse().unwrap()).collect();
    assert!(times.len() > 30 && times.is_sorted_by(|a, b| b - a > 0.030 && b - a < 0.037), "{times:?}");
    let sound: Vec<f64> =
        self::packets(path, "a:0", "dts_time").iter().map(|packet| packet[0].parse().unwrap()).collect();
    assert!(sound.is_sorted_by(|a, b| b - a > 0.020 && b - a < 0.023), "{sound:?}");
    assert!((sound[0] - times[0]).abs() < 0.04, "{} {}", sound[0], times[0]);
    times.iter().zip(&packets).filter(|(_, packet)| packet[1].starts_with('K')).map(|(time, _)| *time).collect()
}

/// The files in a folder, sorted by their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The AAC frames of a recording, without encoding them anew.
fn recorded_frames(folder: &Path, path: &Path) -> Vec<AacFrame> {
    let adts = folder.join("recorded.aac");
    ffmpeg(&["-i", path.to_str().unwrap(), "-map", "0:a", "-c", "copy", adts.to_str().unwrap()]);
    adts_frames(&std::fs::read(adts).unwrap()).unwrap().1
}

/// Asserts that a recording has the frames of the station's playlist, one after the other, and video that ffmpeg decodes.
fn check_recording(station: &Station, folder: &Path, path: &Path) {
    let mut wanted = Vec::new();
    for (_, _, uri) in &station.playlist("stream.m3u8").segments[..4] {
        wanted.extend(adts_frames(&transport_stream_sound(&station.get(uri).unwrap()).unwrap()).unwrap().1);
    }
    let start = Instant::now();
    loop {
        let recorded = recorded_frames(folder, path);
        if recorded.windows(wanted.len()).any(|window| window == wanted) {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(8), "{} of {} frames", recorded.len(), wanted.len());
        std::thread::sleep(Duration::from_millis(300));
    }
    let name = path.to_str().unwrap();
    ffmpeg(&["-i", name, "-f", "null", "-"]);
    let keys = key_pictures(path);
    assert!(keys[0] < 0.001 && keys.windows(2).all(|pair| (pair[1] - pair[0] - 2.0).abs() < 0.002), "{keys:?}");
}

#[test]
fn rtmp_servers_receive_the_sound_with_video_and_are_reconnected_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    common::station::prepare(folder, &[("a", 20)], &[]);
    let (mut nginx, ports) = Sink::nginx_with_tls(folder);
    let plain = format!("rtmp://127.0.0.1:{}/live2", nginx.port);
    let encrypted = format!("rtmps://localhost:{}/live2", ports.rtmps);
    let file = folder.join("urls");
    std::fs::write(&file, format!("{encrypted}/{SECRET}-b\n")).unwrap();
    let mut command = Command::new(cargo_bin("crowd-radio"));
    command
        .env("CROWD_RADIO_PUBLISH_PASSWORD", format!("{SECRET}-a"))
        .env("SSL_CERT_FILE", nginx.file("authority.pem"));
    let publish = ["--publish", &plain, "--publish-file", file.to_str().unwrap(), "-vv"];
    let started = Instant::now();
    let station = Station::start_by(command, folder, &[&publish[..], &SMALL].concat());
    for name in [&plain, &encrypted] {
        until(&station, name, "connected", is_publishing);
    }
    println!("connected {:.1} s after the start, with encoding", started.elapsed().as_secs_f64());
    let recorded = files(&nginx.file("recorded"));
    assert_eq!(recorded.len(), 2, "{recorded:?}");
    std::thread::sleep(Duration::from_secs(4));
    for path in &recorded {
        check_recording(&station, folder, path);
    }
    // The rate of the video is constant.
    let sizes: Vec<f64> = packets(&recorded[0], "v:0", "size").iter().map(|size| size[0].parse().unwrap()).collect();
    for group in sizes.chunks_exact(60) {
        let rate = group.iter().sum::<f64>() * 8.0 / 2.0;
        assert!((360_000.0..440_000.0).contains(&rate), "{rate}");
    }
    nginx.kill();
    for name in [&plain, &encrypted] {
        until(&station, name, "lost", |one| one["state"] == "waiting");
    }
    nginx.restart();
    let restarted = Instant::now();
    for name in [&plain, &encrypted] {
        let (publisher, _) = until(&station, name, "reconnected", is_publishing);
        let time = restarted.elapsed();
        println!("{name}: reconnected {:.2} s after the restart", time.as_secs_f64());
        assert!(time < RECONNECTION && publisher["reconnections"] == 1, "{time:?} {publisher}");
    }
    std::thread::sleep(Duration::from_secs(3));
    let new: Vec<PathBuf> =
        files(&nginx.file("recorded")).into_iter().filter(|path| !recorded.contains(path)).collect();
    assert_eq!(new.len(), 2, "{new:?}");
    for path in &new {
        check_recording(&station, folder, path);
    }
    assert_secret(&station);
    assert_eq!(files(&folder.join("state/video")).len(), 1);
    // No process of ffmpeg is left.
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", station.process())).unwrap();
    assert_eq!(children.trim(), "");
}

#[test]
fn segments_with_video_are_uploaded_by_https_and_are_the_same_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    common::station::prepare(folder, &[("a", 20)], &[]);
    let (nginx, ports) = Sink::nginx_with_tls(folder);
    let name = format!("hls-put+https://localhost:{}/radio/", ports.https);
    let file = folder.join("urls");
    std::fs::write(&file, format!("{name}?cid={SECRET}&video=1\n")).unwrap();
    let start = |trusted: bool| {
        let mut command = Command::new(cargo_bin("crowd-radio"));
        if trusted {
            command.env("SSL_CERT_FILE", nginx.file("authority.pem"));
        }
        let publish = ["--publish-file", file.to_str().unwrap(), "-vv"];
        Station::start_by(command, folder, &[&publish[..], &SMALL].concat())
    };
    // A certificate whose authority is not known is refused.
    let station = start(false);
    let (refused, _) = until(&station, &name, "refused", |one| one["last_error"].is_string());
    assert!(refused["last_error"].as_str().unwrap().contains("UnknownIssuer"), "{refused}");
    station.kill();
    let mut uploaded = BTreeMap::<String, Vec<u8>>::new();
    let www = nginx.file("www/radio");
    for round in 0..2 {
        let station = start(true);
        until(&station, &name, "uploaded", is_publishing);
        std::thread::sleep(Duration::from_secs(3));
        let text = std::fs::read_to_string(www.join("stream.m3u8")).unwrap();
        let playlist = common::publisher::parse(&text);
        assert!((3..=5).contains(&playlist.segments.len()) && playlist.target == 1, "{text}");
        for (_, _, uri) in &playlist.segments {
            assert!(uri.starts_with("video-") && www.join(uri).exists(), "{text}");
        }
        for path in files(&www).iter().filter(|path| path.extension().unwrap() == "ts") {
            let bytes = std::fs::read(path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let before = uploaded.insert(name.clone(), bytes.clone());
            assert!(before.is_none_or(|before| before == bytes), "round {round}: {name}");
        }
        assert_secret(&station);
        station.kill();
    }
    // All of them in the order of their numbers.
    let number = |name: &str| name.trim_end_matches(".ts").rsplit_once('-').unwrap().1.parse::<u64>().unwrap();
    let mut numbered: Vec<(u64, &Vec<u8>)> = uploaded.iter().map(|(name, bytes)| (number(name), bytes)).collect();
    numbered.sort_by_key(|(number, _)| *number);
    assert!(numbered.len() >= 8 && numbered.is_sorted_by(|a, b| b.0 == a.0 + 1), "{:?}", uploaded.keys());
    let joined = folder.join("joined.ts");
    std::fs::write(&joined, numbered.iter().flat_map(|(_, bytes)| bytes.to_vec()).collect::<Vec<u8>>()).unwrap();
    ffmpeg(&["-i", joined.to_str().unwrap(), "-f", "null", "-"]);
    let keys = key_pictures(&joined);
    assert_eq!(keys.len(), numbered.len());
    assert!(keys.windows(2).all(|pair| (pair[1] - pair[0] - 1.0).abs() < 0.001), "{keys:?}");
    // Each begins with a key picture and can be decoded alone.
    for (number, bytes) in &numbered {
        let one = folder.join("one.ts");
        std::fs::write(&one, bytes).unwrap();
        ffmpeg(&["-i", one.to_str().unwrap(), "-f", "null", "-"]);
        let first = &packets(&one, "v:0", "pts,flags")[0];
        assert!(first[1].starts_with('K'), "{first:?}");
        assert_eq!(first[0].parse::<u64>().unwrap(), number * 90_000 % (1 << 33), "{number}");
    }
}

#[test]
fn a_clip_is_repeated_and_what_is_no_picture_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    common::station::prepare(folder, &[("a", 9)], &[]);
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    // A clip in another codec, of 5 s, with sound.
    let test = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=5"];
    let sound = ["-f", "lavfi", "-i", "sine=duration=5", "-c:v", "mpeg4", &file("clip.mkv")];
    ffmpeg(&[&test[..], &sound].concat());
    ffmpeg(&["-f", "lavfi", "-i", "testsrc=duration=1", "-c:v", "mpeg4", &file("short.avi")]);
    ffmpeg(&["-f", "lavfi", "-i", "color=red", "-frames:v", "1", "-update", "1", &file("red.png")]);
    let picture = std::fs::read(folder.join("red.png")).unwrap();
    std::fs::write(folder.join("damaged.png"), &picture[..40]).unwrap();
    std::fs::write(folder.join("empty.png"), "").unwrap();
    std::fs::write(folder.join("text.mp4"), "no video").unwrap();
    let start = |flags: &[&str], path: Option<&str>| {
        let mut command = Command::new(cargo_bin("crowd-radio"));
        command.env("CROWD_RADIO_PUBLISH_PASSWORD", SECRET);
        if let Some(path) = path {
            command.env("PATH", path);
        }
        command.args(["stream", "--port", "0", "--processed"]).arg(folder.join("out"));
        let output = command.arg("--state").arg(folder.join("state")).args(SMALL).args(flags).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && !text.contains("s3cr3t"), "{flags:?}: {text}");
        text
    };
    let rtmp = ["--publish", "rtmp://127.0.0.1:1/live2"];
    for (name, expected) in [
        ("damaged.png", "finds no picture in it"),
        ("empty.png", "finds no picture in it"),
        ("text.mp4", "finds no picture in it"),
        ("nothing.png", "No such file"),
        ("music", "it is no file"),
        ("short.avi", "the clip is shorter than 2 s"),
    ] {
        let text = start(&[&rtmp[..], &["--publish-video", &file(name)]].concat(), None);
        assert!(text.contains(expected) && text.contains("--publish-video") && text.contains(name), "{name}: {text}");
    }
    let text = start(&rtmp, Some("/nowhere"));
    assert!(text.contains("ffmpeg is needed") && text.contains("apt-get install ffmpeg"), "{text}");
    // Nothing is left of what failed.
    assert!(!folder.join("state/video").exists() || files(&folder.join("state/video")).is_empty());
    // Neither the name of the folder nor a full disk prevents a start: here the folder of the clips cannot be made.
    std::fs::create_dir_all(folder.join("state")).unwrap();
    std::fs::write(folder.join("state/video"), "a file").unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtmp://{}/live2", silent.local_addr().unwrap());
    std::thread::spawn(move || silent.incoming().collect::<Vec<_>>());
    let mut command = Command::new(cargo_bin("crowd-radio"));
    command.env("CROWD_RADIO_PUBLISH_PASSWORD", SECRET);
    let video = file("clip.mkv");
    let flags = [&["--publish", &url, "--publish-video", &video][..], &SMALL].concat();
    let station = Station::start_by(command, folder, &flags);
    assert!(station.log().contains("the encoded video cannot be kept"), "{}", station.log());
    let (publisher, _) = until(&station, &url, "no answer", |one| one["last_error"].is_string());
    assert!(publisher["last_error"].as_str().unwrap().contains("within 10 s"), "{publisher}");
    assert_secret(&station);
    let stopping = Instant::now();
    assert!(station.stop().success() && stopping.elapsed() < Duration::from_secs(3));
}

/// A server that sends nonsense, or accepts a stream and then reads nothing, is disconnected.
#[test]
fn a_server_that_sends_nonsense_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    common::station::prepare(folder, &[("a", 9)], &[]);
    let (nonsense, ended) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let [first, second] = [&nonsense, &ended].map(|one| format!("rtmp://{}/live2", one.local_addr().unwrap()));
    std::thread::spawn(move || {
        for mut stream in nonsense.incoming().map_while(Result::ok) {
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.0 400 Bad Request\r\n\r\n");
            std::thread::spawn(move || std::io::copy(&mut stream, &mut std::io::sink()));
        }
    });
    std::thread::spawn(move || {
        for mut stream in ended.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 100]);
        }
    });
    let mut command = Command::new(cargo_bin("crowd-radio"));
    command.env("CROWD_RADIO_PUBLISH_PASSWORD", SECRET);
    let refused = "rtmp://127.0.0.1:1/live2";
    let flags = [&["--publish", &first, "--publish", &second, "--publish", refused][..], &SMALL].concat();
    let station = Station::start_by(command, folder, &flags);
    for (name, expected) in [
        (first.as_str(), "does not reply as an RTMP server"),
        (&second, "closed the connection"),
        (refused, "no connection to 127.0.0.1:1"),
    ] {
        let (publisher, _) = until(&station, name, "failed", |one| one["last_error"].is_string());
        assert!(publisher["last_error"].as_str().unwrap().contains(expected), "{publisher}");
    }
    assert_secret(&station);
}
