//! Every format of the stream plays in ffmpeg, and has the same bytes after a restart. The tests need ffmpeg.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::RATE;
use common::station::{Playlist, Station, prepare};

const FLAGS: [&str; 4] = ["--formats", "ts,adts,flac,opus", "--bit-rates", "64000,128000"];
/// The playlists of media.
const PLAYLISTS: [&str; 6] =
    ["stream-64000.m3u8", "stream-128000.m3u8", "adts-64000.m3u8", "adts-128000.m3u8", "flac.m3u8", "opus.m3u8"];

/// Begins to decode 6 s of a URL. They are counted in samples, because ffmpeg gives wrong times to the packets of packed audio that it
/// has read before the next segment.
fn decode(url: &str) -> Child {
    Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-i",
            url,
            "-af",
            "asetpts=N/SR/TB",
            "-t",
            "6",
            "-f",
            "s16le",
            "-ac",
            "2",
            "-ar",
            "48000",
            "-",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn ffmpeg_plays_every_format() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), &[("a", 4), ("b", 9)], &[]);
    let station = Station::start(folder.path(), &FLAGS);
    PLAYLISTS.iter().for_each(|name| assert_eq!(station.playlist(name).segments.len(), 5, "{name}"));
    let urls = ["stream.m3u8", "adts.m3u8", "flac.m3u8", "opus.m3u8", "listen.aac", "listen.opus"];
    let players: Vec<_> = urls.iter().map(|path| (path, decode(&station.url(path)))).collect();
    for (path, player) in players {
        let output = player.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{path}");
        assert_eq!(output.stdout.len(), 6 * 4 * RATE as usize, "{path}");
        let samples = output.stdout.as_chunks().0.iter().map(|sample| i16::from_le_bytes(*sample));
        let loudest = samples.map(i16::unsigned_abs).max().unwrap();
        assert!(loudest > 3_000, "{path}: {loudest}");
    }
}

#[test]
fn players_choose_between_the_bit_rates() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), &[("a", 9)], &[]);
    let station = Station::start(folder.path(), &FLAGS);
    for name in ["stream", "adts"] {
        let media = [64_000, 128_000].map(|bit_rate| station.playlist(&format!("{name}-{bit_rate}.m3u8")));
        let entries = |playlist: &Playlist| -> Vec<(String, u64)> {
            playlist.segments.iter().map(|(date, duration, _)| (date.clone(), *duration)).collect()
        };
        // The second playlist may have been fetched when a new segment was listed.
        if media[0].sequence == media[1].sequence {
            assert_eq!(entries(&media[0]), entries(&media[1]));
        }
        let text = String::from_utf8(station.get(&format!("{name}.m3u8")).unwrap()).unwrap();
        let mut lines = text.lines().filter(|line| !line.starts_with("#EXT-X-V") && *line != "#EXTM3U").skip(1);
        for (bit_rate, playlist) in [64_000, 128_000].into_iter().zip(&media) {
            let stream = lines.next().unwrap().strip_prefix("#EXT-X-STREAM-INF:BANDWIDTH=").unwrap();
            let bandwidth: u64 = stream.split(',').next().unwrap().parse().unwrap();
            assert!(stream.ends_with(",CODECS=\"mp4a.40.2\""), "{stream}");
            assert_eq!(lines.next().unwrap(), format!("{name}-{bit_rate}.m3u8"));
            for (_, nanoseconds, uri) in &playlist.segments {
                let bytes = station.get(uri).unwrap().len() as u64;
                let rate = bytes * 8 * 1_000_000_000 / nanoseconds;
                assert!(rate <= bandwidth && rate > bit_rate / 2, "{name}: {rate} of {bandwidth} bit/s");
            }
        }
    }
}

#[test]
fn every_format_has_the_same_bytes_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), &[("a", 4), ("b", 3)], &[]);
    let mut known = BTreeMap::new();
    let mut compared = 0;
    for _ in 0..3 {
        let station = Station::start(folder.path(), &FLAGS);
        for name in PLAYLISTS {
            let playlist = station.playlist(name);
            let map = playlist.map.clone();
            assert_eq!(map.is_some(), ["flac.m3u8", "opus.m3u8"].contains(&name));
            map.iter().for_each(|uri| assert!(station.get(uri).unwrap().starts_with(b"\0\0\0\x18ftyp")));
            for ((date, duration, uri), number) in playlist.segments.iter().zip(playlist.sequence..) {
                let segment = (date.clone(), *duration, uri.clone(), station.get(uri).unwrap());
                match known.get(&(name, number)) {
                    Some(before) => {
                        assert!(*before == segment, "{name}, segment {number}");
                        compared += 1;
                    }
                    None => _ = known.insert((name, number), segment),
                }
            }
        }
        // The pieces of AAC are made anew by the next process.
        station.kill();
        std::fs::remove_dir_all(folder.path().join("out/pieces")).unwrap();
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(compared >= 12, "{compared}");
}

#[test]
fn what_the_station_cannot_make_is_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), &[("a", 3)], &["--sample-rate", "44100"]);
    let run = |flags: &[&str]| {
        let mut stream = Command::new(assert_cmd::cargo::cargo_bin("crowd-radio"));
        stream.args(["stream", "--port", "0", "--processed"]).arg(folder.path().join("out")).args(flags);
        let output = stream.arg("--state").arg(folder.path().join("state")).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let text = run(&["--formats", "opus"]);
    assert!(text.contains("Opus has 48000 Hz, and the station has 44100 Hz: run crowd-radio setup"), "{text}");
    let text = run(&["--formats", "mp3"]);
    assert!(text.contains("possible values: ts, adts, flac, opus"), "{text}");
    let text = run(&["--bit-rates", "64000,1000"]);
    assert!(text.contains("1000 is not in 32000..=320000"), "{text}");
}
