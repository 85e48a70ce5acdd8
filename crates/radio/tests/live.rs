//! A station whose live source is ffmpeg: on air, killed, off air.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use common::station::Station;
use common::{chords, write};
use serde_json::Value;

const SECRET: &str = "correct-horse";

/// A station with a live mount. Returns the port of its sources.
fn prepare(folder: &Path) -> u16 {
    std::fs::create_dir(folder.join("music")).unwrap();
    write(&folder.join("music"), "a.wav", &chords(48_000 * 50, 0));
    write(&folder.join("music"), "filler.wav", &chords(48_000 * 5, 7));
    std::fs::write(folder.join("password"), format!("{SECRET}\n")).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = format!(
        "filler = \"music/filler.wav\"\n[stream]\nsegment_seconds = 1\n[[playlist]]\nname = \"music\"\nfolder = \"music\"\n\
         [live]\nport = {port}\nrecordings = \"recordings\"\n\
         [[live.mount]]\npath = \"/live\"\nusers = [{{ name = \"source\", password_file = \"password\" }}]\n"
    );
    std::fs::write(folder.join("station.toml"), config).unwrap();
    port
}

/// A source that is ended when it is dropped.
struct Source(Child);

impl Source {
    /// ffmpeg sends a sine of 1 kHz for a time, in MP3.
    fn start(port: u16, seconds: u32) -> Self {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "fatal", "-re", "-f", "lavfi", "-i", "sine=1000:sample_rate=44100", "-t"]);
        ffmpeg.args([&seconds.to_string(), "-ac", "2", "-c:a", "libmp3lame", "-b:a", "128k", "-ice_name", "The Show"]);
        ffmpeg.args(["-content_type", "audio/mpeg", "-f", "mp3"]);
        Self(ffmpeg.arg(format!("icecast://source:{SECRET}@127.0.0.1:{port}/live")).spawn().unwrap())
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The state of the mount, once it is what is waited for.
fn wait(station: &Station, seconds: u64, wanted: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let mount = station.health()["live"][0].clone();
        if wanted(&mount) {
            return mount;
        }
        assert!(start.elapsed() < Duration::from_secs(seconds), "{mount}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The segments of the station by number.
type Segments = BTreeMap<u64, (String, Vec<u8>)>;

/// Notes the segments in the playlist. Those that were there before have the same names and bytes.
fn look(station: &Station, known: &mut Segments) {
    let playlist = station.playlist("stream.m3u8");
    for ((_, _, uri), number) in playlist.segments.iter().zip(playlist.sequence..) {
        let Some(bytes) = station.get(uri) else { continue };
        let segment = (uri.clone(), bytes);
        assert!(*known.entry(number).or_insert_with(|| segment.clone()) == segment, "segment {number}: {uri}");
    }
}

/// The sound of the segments by ffmpeg, which finds no error in them: the left channel, as share of full scale.
fn decode(folder: &Path, known: &Segments) -> Vec<f64> {
    let numbers: Vec<u64> = known.keys().copied().collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    let joined = folder.join("all.ts");
    std::fs::write(&joined, known.values().flat_map(|segment| segment.1.clone()).collect::<Vec<u8>>()).unwrap();
    let mut ffmpeg = Command::new("ffmpeg");
    let decoded =
        ffmpeg.args(["-v", "warning", "-i"]).arg(&joined).args(["-f", "s16le", "-ac", "2", "-"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&decoded.stderr), "");
    decoded.stdout.as_chunks().0.iter().map(|[a, b, _, _]| f64::from(i16::from_le_bytes([*a, *b])) / 32_768.0).collect()
}

/// The amplitude of 1 kHz in a tenth of a second.
fn kilohertz(sound: &[f64]) -> f64 {
    let angle = |frame: usize| std::f64::consts::TAU * 1_000.0 * frame as f64 / 48_000.0;
    let (sine, cosine) = sound.iter().enumerate().fold((0.0, 0.0), |(sine, cosine), (frame, value)| {
        (sine + value * angle(frame).sin(), cosine + value * angle(frame).cos())
    });
    2.0 * f64::hypot(sine, cosine) / sound.len() as f64
}

#[test]
fn a_source_is_heard_and_shown_and_recorded_and_the_program_is_back_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let port = prepare(folder.path());
    let station = Station::run(folder.path(), &["--token", "0123456789abcdef"]);
    let mut known = Segments::new();
    look(&station, &mut known);
    let source = Source::start(port, 60);
    let started = Instant::now();
    let mount = wait(&station, 10, |mount| mount["state"] == "on_air");
    assert!(started.elapsed() < Duration::from_secs(6));
    assert_eq!((&mount["user"], &mount["name"]), (&"source".into(), &"The Show".into()));
    while started.elapsed() < Duration::from_secs(14) {
        look(&station, &mut known);
        std::thread::sleep(Duration::from_millis(500));
    }
    let now: Value = serde_json::from_slice(&station.get("now.json").unwrap()).unwrap();
    let playing = &now["playing"];
    assert_eq!(
        (&playing["title"], &playing["reason"], &playing["seconds"]),
        (&"The Show".into(), &"live".into(), &Value::Null)
    );
    assert!(String::from_utf8(station.get("stream.m3u8").unwrap()).unwrap().contains("X-TITLE=\"The Show\""));
    // The operator disconnects it, and refuses others for a while.
    let mut disconnect =
        ureq::post(station.url("api/live/disconnect")).header("Authorization", "Bearer 0123456789abcdef");
    disconnect = disconnect.header("Content-Type", "application/json");
    let answer = disconnect.send(r#"{"mount":"/live","minutes":1}"#).unwrap().body_mut().read_to_string().unwrap();
    assert!(answer.contains("\"disconnected\":\"source\""), "{answer}");
    wait(&station, 5, |mount| mount["state"] == "off");
    let again = Source::start(port, 5);
    let ended = Instant::now();
    while ended.elapsed() < Duration::from_secs(8) {
        look(&station, &mut known);
        std::thread::sleep(Duration::from_millis(500));
    }
    drop((source, again));
    assert_eq!(wait(&station, 1, |mount| mount["state"] == "off")["losses"], 1);
    let sound = decode(folder.path(), &known);
    let levels: Vec<f64> = sound.chunks_exact(4_800).map(kilohertz).collect();
    let loud = levels.iter().filter(|level| **level > 0.06).count();
    assert!((60..150).contains(&loud), "{loud} tenths of a second");
    assert!(levels[..10].iter().chain(levels.iter().rev().take(20)).all(|level| *level < 0.02), "{levels:?}");
    // What was sent is in a recording, which players can read.
    let recordings: Vec<_> =
        std::fs::read_dir(folder.path().join("recordings")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(recordings.len(), 1, "{recordings:?}");
    let read = crowd_media::open(&recordings[0], &crowd_media::DecodeOptions::default()).unwrap();
    assert!(read.seconds() > 12.0, "{}", read.seconds());
}

#[test]
fn a_station_that_is_killed_while_a_source_is_on_air_publishes_the_same_segments() {
    let folder = tempfile::tempdir().unwrap();
    let port = prepare(folder.path());
    let mut known = Segments::new();
    for round in 0..5_u64 {
        let station = Station::run(folder.path(), &[]);
        look(&station, &mut known);
        let _source = Source::start(port, 60);
        wait(&station, 20, |mount| mount["state"] == "on_air");
        // During the fade and after it.
        let end = Instant::now() + Duration::from_millis(900 * round + 700);
        while Instant::now() < end {
            look(&station, &mut known);
            std::thread::sleep(Duration::from_millis(100));
        }
        station.kill();
    }
    let station = Station::run(folder.path(), &[]);
    let end = Instant::now() + Duration::from_secs(8);
    while Instant::now() < end {
        look(&station, &mut known);
        std::thread::sleep(Duration::from_millis(300));
    }
    let sound = decode(folder.path(), &known);
    let silent = sound.chunks_exact(9_600).filter(|block| block.iter().all(|value| value.abs() < 0.01)).count();
    assert_eq!(silent, 0);
    assert!(sound.chunks_exact(4_800).filter(|block| kilohertz(block) > 0.06).count() > 10);
}
