//! A file that is damaged is heard as far as it goes, and what is missing stands in list, status, measurement and exit status.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::Folders;
use serde_json::Value;

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_enhance-server")).args(arguments).output().unwrap()
}

/// The music of a folder as M4A with its index in front, without its last quarter.
fn cut(folder: &Path) {
    let (wav, whole) = (folder.join("music.wav"), folder.join("whole.m4a"));
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-i", wav.to_str().unwrap(), "-c:a", "alac", "-movflags", "+faststart"])
        .arg(&whole)
        .status()
        .unwrap();
    assert!(made.success(), "`make setup-test` installs ffmpeg");
    let bytes = fs::read(&whole).unwrap();
    fs::write(folder.join("cut.m4a"), &bytes[..bytes.len() * 3 / 4]).unwrap();
}

#[test]
fn what_is_missing_of_a_file_stands_in_the_list_the_status_the_measurement_and_the_exit_status() {
    let folders = Folders::with_music(8.0);
    let music = folders.music.path();
    cut(music);
    let server = folders.serve(&[]);
    let tracks = server.get("/api/tracks").json();
    let track = |name: &str| tracks.as_array().unwrap().iter().find(|track| track["path"] == name).unwrap().clone();
    assert_eq!(track("whole.m4a")["warnings"], Value::Array(vec![]));
    let damaged = track("cut.m4a");
    assert!(damaged["warnings"][0].as_str().unwrap().contains("are missing"), "{damaged}");
    let seconds = damaged["seconds"].as_f64().unwrap();
    assert!((4.0..7.9).contains(&seconds), "{seconds}");
    assert_eq!(server.get("/api/status").json()["library"]["damaged"], 1);
    let id = damaged["id"].as_str().unwrap();
    let known = server.get(&format!("/api/tracks/{id}?analysis=full")).json();
    assert!(known["analysis"]["warnings"][0].as_str().unwrap().contains("are missing"), "{known}");
    // Heard to the end of what is there, which is music and no silence.
    let heard = server.get(&format!("/stream/{id}?intensity=0")).body;
    let frames = (seconds * 44_100.0).round() as usize;
    assert!((4 * frames..4 * frames + 100).contains(&heard.len()), "{} bytes", heard.len());
    assert!(heard[heard.len() - 4_000..].iter().any(|byte| *byte != 0));
    for (name, code) in [("whole.m4a", 0), ("cut.m4a", 4)] {
        let file = music.join(name);
        let out = folders.cache.path().join(format!("{code}.wav"));
        let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
        for arguments in [&["analyse", file, "--json"][..], &["render", file, out, "--quiet"]] {
            let done = program(arguments);
            let told = String::from_utf8_lossy(&done.stderr);
            assert_eq!(done.status.code(), Some(code), "{arguments:?}: {told}");
            assert_eq!(told.contains("are missing"), code == 4, "{arguments:?}: {told}");
        }
    }
}
