//! Formats: unreadable files are listed, Opus is streamed, and surround is mixed at the level of its front channels.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::process::Command;

use common::Folders;

#[test]
fn each_unreadable_file_is_listed_with_the_reason_and_opus_is_streamed_from_any_byte() {
    let folders = Folders::with_music(8.0);
    let music = folders.music.path();
    for (name, arguments) in [
        ("left.wv", &["-c:a", "wavpack"][..]),
        ("left.wma", &["-c:a", "wmav2"]),
        ("left.w64", &["-c:a", "pcm_s16le"]),
        ("left.wav", &["-c:a", "libmp3lame"]),
        ("read.opus", &["-c:a", "libopus", "-b:a", "96k"]),
        ("read.webm", &["-c:a", "libopus", "-b:a", "96k"]),
        ("read.mp2", &["-c:a", "mp2"]),
        ("surround.flac", &["-af", "pan=5.1|FL=FL|FR=FR|FC=FL|LFE=0*FL|BL=FL|BR=FR,volume=12dB"]),
    ] {
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-i", music.join("music.wav").to_str().unwrap()])
            .args(arguments)
            .arg(music.join(name))
            .status()
            .unwrap();
        assert!(made.success(), "{name}: `make setup-test` installs ffmpeg");
    }
    let server = folders.serve(&[]);
    let tracks = server.get("/api/tracks").json();
    let id = |name: &str| {
        let found = tracks.as_array().unwrap().iter().find(|track| track["path"] == name);
        found.unwrap_or_else(|| panic!("{name} is not in {tracks}"))["id"].as_str().unwrap().to_owned()
    };
    let status = server.get("/api/status").json();
    let left = status["library"]["unreadable"].as_array().unwrap();
    assert_eq!(left.len(), 4, "{left:?}");
    for (name, why) in [
        ("left.wv", "WavPack"),
        ("left.wma", "Windows Media"),
        ("left.w64", "Wave64"),
        ("left.wav", "take the MP3 out of it"),
    ] {
        let entry = left.iter().find(|entry| entry["path"] == name).unwrap();
        assert!(entry["problem"].as_str().unwrap().contains(why), "{entry}");
    }
    for name in ["read.opus", "read.webm", "read.mp2"] {
        let streamed = server.get(&format!("/stream/{}?intensity=0", id(name))).body;
        assert!(streamed.len() > 8 * 44_100 * 4, "{name}: {} bytes", streamed.len());
        assert!(streamed[44..].iter().any(|byte| *byte != 0), "{name}");
    }
    let known = server.get(&format!("/api/tracks/{}?analysis=full", id("surround.flac"))).json();
    let gain_db = known["analysis"]["downmix_gain_db"].as_f64().unwrap();
    assert!((-12.0..-0.1).contains(&gain_db), "{known}");
}
