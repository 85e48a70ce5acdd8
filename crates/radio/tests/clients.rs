//! Players that were not written with this station in mind.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::station::{Station, prepare};

const URLS: [&str; 6] = ["stream.m3u8", "adts.m3u8", "flac.m3u8", "opus.m3u8", "listen.aac", "listen.opus"];
const SECONDS: u64 = 60;

/// Plays a URL in real time. ffmpeg ends after [`SECONDS`], the others play until they are ended.
fn player(name: &str, url: &str) -> Child {
    let (seconds, source) = (SECONDS.to_string(), format!("uri={url}"));
    let arguments: &[&str] = match name {
        "ffmpeg" => &["-v", "error", "-i", url, "-t", &seconds, "-f", "null", "-"],
        "mpv" => &["--no-config", "--no-video", "--ao=null", "--msg-level=all=error", url],
        _ => &["-q", "uridecodebin", &source, "!", "audioconvert", "!", "audioresample", "!", "fakesink", "sync=true"],
    };
    Command::new(name).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
#[ignore = "needs mpv and GStreamer, and a minute; part of make proof"]
fn players_play_all_streams_for_a_minute() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), &[("a", 40), ("b", 9), ("c", 21)], &[]);
    let station = Station::start(folder.path(), &["--formats", "ts,adts,flac,opus"]);
    for name in URLS.iter().filter(|name| name.ends_with("m3u8")) {
        station.playlist(name);
    }
    let start = Instant::now();
    let players: Vec<_> = ["ffmpeg", "mpv", "gst-launch-1.0"]
        .into_iter()
        .flat_map(|name| URLS.map(|url| (name, url, player(name, &station.url(url)))))
        .collect();
    std::thread::sleep(Duration::from_secs(SECONDS));
    for (name, url, mut process) in players {
        let endless = name != "ffmpeg";
        if endless {
            assert!(process.try_wait().unwrap().is_none(), "{name} has ended: {url}");
            process.kill().unwrap();
        }
        let output = process.wait_with_output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        let faults: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        assert!(endless || output.status.success(), "{name}, {url}: {text}");
        assert!(faults.is_empty(), "{name}, {url}: {faults:#?}");
    }
    assert!(start.elapsed() < Duration::from_secs(SECONDS + 20));
    assert_eq!(station.health()["lost_items"], 0);
}
