//! Folders as older programs wrote them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use assert_cmd::cargo::cargo_bin;
use crowd_ipfs::{FileDag, Profile};
use serde_json::{Value, json};

use crate::common::{RATE, chords, write};

/// A file: its bytes, the time of its last write, and its permissions.
type Version = (Vec<u8>, SystemTime, bool);

/// All files in a folder and below.
pub fn versions(folder: &Path) -> BTreeMap<PathBuf, Version> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.metadata().unwrap();
        if metadata.is_dir() {
            files.extend(versions(&path));
        } else {
            let version =
                (std::fs::read(&path).unwrap(), metadata.modified().unwrap(), metadata.permissions().readonly());
            files.insert(path, version);
        }
    }
    files
}

/// Runs `crowd-radio import-old` and asserts that the older files stay as they are.
pub fn import_old(old: &Path, flags: &[&str]) -> Output {
    let before = versions(old);
    let output = Command::new(cargo_bin("crowd-radio")).arg("import-old").arg(old).args(flags).output().unwrap();
    assert_eq!(before, versions(old), "the older files have changed");
    output
}

/// The report as JSON, and the exit status.
pub fn report(old: &Path, flags: &[&str]) -> (Value, i32) {
    let output = import_old(old, &[flags, &["--json"]].concat());
    let report = serde_json::from_slice(&output.stdout);
    (report.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr))), output.status.code().unwrap())
}

/// The problems of a report as lines.
pub fn problems(report: &Value) -> String {
    report["problems"].as_array().unwrap().iter().map(|line| format!("{}\n", line.as_str().unwrap())).collect()
}

pub fn check(file: &Path) -> Output {
    Command::new(cargo_bin("crowd-radio")).arg("check").arg(file).output().unwrap()
}

pub fn write_json(path: &Path, value: &Value) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, serde_json::to_string_pretty(value).unwrap()).unwrap();
}

/// A file of JSON that is changed.
pub fn change(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut value);
    write_json(path, &value);
}

fn ffmpeg(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("ffmpeg");
    command.current_dir(folder).args(["-v", "error", "-f", "lavfi"]);
    assert!(command.args(arguments).status().unwrap().success());
}

/// A chunk of 32 kHz in mono.
pub fn chunk(folder: &Path, name: &str, seconds: u32, codec: &str) {
    let sine = format!("sine=220:r=32000:d={seconds}");
    ffmpeg(folder, &["-i", &sine, "-ac", "1", "-c:a", codec, name]);
}

/// A buffer of six chunks of 5 s with two prompts, half of them of floats. The first two were played.
pub fn buffer(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let entries = (0..6).map(|id| {
        let prompt = id / 3;
        let name = format!("chunk_{id:03}_prompt_{prompt}_5s.wav");
        chunk(folder, &name, 5, if id % 2 == 0 { "pcm_s16le" } else { "pcm_f32le" });
        let path = folder.join(&name);
        json!({ "id": id, "filename": name, "path": path, "prompt_index": prompt, "prompt": format!("old prompt {prompt}"),
                "duration": 5, "created_at": 1.7e9, "consumed": id < 2, "generation_time": 144.5 })
    });
    let entries: Vec<Value> = entries.collect();
    let metadata = json!({ "chunks": entries, "next_chunk_id": 6, "current_prompt_index": 1, "bootstrap_info": null });
    write_json(&folder.join("buffer_metadata.json"), &metadata);
}

/// The segments of a sine, in a new folder, with their CIDs.
fn segments(folder: &Path, seconds: f64, profile: Profile) -> Vec<Value> {
    std::fs::create_dir_all(folder).unwrap();
    let sine = format!("sine=220:r=48000:d={seconds}");
    let format = ["-f", "segment", "-segment_time", "2", "-segment_format", "mpegts", "segment_%04d.ts"];
    ffmpeg(folder, &[&["-i", &sine, "-ac", "2", "-c:a", "aac", "-b:a", "128k"], format.as_slice()].concat());
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let segments = names.into_iter().map(|name| {
        let bytes = std::fs::read(folder.join(&name)).unwrap();
        let cid = FileDag::of_bytes(&bytes, profile).unwrap().root().to_string();
        json!({ "filename": name, "cid": cid })
    });
    segments.collect()
}

/// The names of the tracks.
pub const TRACKS: [&str; 2] = ["Song [live] 50%.wav", "other/A track.wav"];

/// A station of two tracks and a jingle in segments of 2 s, without a playlist.
pub fn station(folder: &Path) {
    let (music, jingles) = (folder.join("src/music"), folder.join("src/jingles"));
    std::fs::create_dir_all(music.join("other")).unwrap();
    std::fs::create_dir_all(&jingles).unwrap();
    for (key, name) in TRACKS.iter().enumerate() {
        write(&music, name, &chords(2 * RATE as usize, key));
    }
    write(&jingles, "jingle [1].wav", &chords(RATE as usize, 12));
    let config = |name: &str, value: Value| write_json(&folder.join(name), &value);
    config(
        "setup.config.json",
        json!({
            "audio": { "segment_duration": 2, "bitrate": "96k", "codec": "aac" },
            "jingles": { "enabled": true, "cycle": 3, "source": "src/jingles" },
            "processing": { "force_rebuild": false, "parallel_processing": true },
            "ipfs": { "pin_segments": true, "timeout": 30 } }),
    );
    config(
        "playlist.config.json",
        json!({
            "source": "src/music", "mode": "explicit", "tracks": ["other/A track.wav", "Song [live] 50%.wav"],
            "options": { "sort_alphabetically": false, "shuffle_on_build": false, "scan_subdirectories": true } }),
    );
    config(
        "streaming.config.json",
        json!({
            "streaming": { "window_size": 50, "update_interval": 2, "max_segments": 50, "advance_every": 1 },
            "ipns": { "lifetime": "24h", "ttl": "1s", "allow_offline": true },
            "monitoring": { "log_level": "info", "health_check_interval": 30 } }),
    );
    let processed = folder.join("processed");
    let item = |number: usize, name: &str, kind: &str, seconds: f64, profile| {
        let output = format!("{kind}_{number:03}");
        let segments = segments(&processed.join(&output), seconds, profile);
        json!({ "filename": name, "type": kind, "base_name": name, "segment_count": segments.len(), "segments": segments,
                "output_dir": output })
    };
    // ffmpeg makes the sound some ms longer, and cuts at the ends of frames.
    let tracks = [item(0, TRACKS[0], "track", 5.95, Profile::V0), item(1, TRACKS[1], "track", 3.95, Profile::V1)];
    let jingle = item(0, "jingle [1].wav", "jingle", 1.95, Profile::V0);
    let manifest = json!({
        "config_hash": "abc", "timestamp": 1.7e9, "tracks": tracks, "jingles": [jingle],
        "audio_config": { "segment_duration": 2, "bitrate": "96k", "codec": "aac" },
        "jingles_config": { "enabled": true, "cycle": 3 } });
    write_json(&processed.join("manifest.json"), &manifest);
    let state = |name: &str, value: Value| write_json(&folder.join("state").join(name), &value);
    state("sequence_state.json", json!({ "sequence": 4711, "timestamp": 1.7e9 }));
    state("ipns_keys.json", json!({ "stream_playlist": "CAESQSECRETSECRET" }));
    state(
        "stream_info.json",
        json!({ "stream_playlist_ipns": "k51qzi5uqu5d", "stream_playlist_url": "/ipns/k51qzi5uqu5d",
                "sequence_number": 4711, "playlist_position": 3, "updated_at": "2025-01-01T00:00:00", "node_id": "a" }),
    );
    write_playlist(folder, 2.0);
}

/// The playlist of all segments, with this length of each of them.
pub fn write_playlist(folder: &Path, seconds: f64) {
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(folder.join("processed/manifest.json")).unwrap()).unwrap();
    let items = ["jingles", "tracks"].into_iter().flat_map(|kind| manifest[kind].as_array().unwrap());
    let segments = items.flat_map(|item| item["segments"].as_array().unwrap());
    let lines = segments.map(|segment| format!("#EXTINF:{seconds},\n/ipfs/{}\n", segment["cid"].as_str().unwrap()));
    let text = format!("#EXTM3U\n{}", lines.collect::<String>());
    std::fs::write(folder.join("processed/playlist.m3u"), text).unwrap();
}
