//! Damaged files are streamed as far as they can be decoded, and reported in the list, the status, the analysis and the exit status.
//! Damaged chunks of the cache are not sent.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use common::Folders;
use serde_json::Value;

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_enhance-server")).args(arguments).output().unwrap()
}

/// The music of a folder as M4A with its index at the beginning, without its last quarter.
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
fn missing_frames_of_a_file_are_reported_in_the_list_the_status_the_analysis_and_the_exit_status() {
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
    // The stream has all the frames that exist, and they are not silent.
    let streamed = server.get(&format!("/stream/{id}?intensity=0")).body;
    let frames = (seconds * 44_100.0).round() as usize;
    assert!((4 * frames..4 * frames + 100).contains(&streamed.len()), "{} bytes", streamed.len());
    assert!(streamed[streamed.len() - 4_000..].iter().any(|byte| *byte != 0));
    for (name, code) in [("whole.m4a", 0), ("cut.m4a", 4)] {
        let file = music.join(name);
        let out = folders.cache.path().join(format!("{code}.wav"));
        let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
        for arguments in [&["analyse", file, "--json"][..], &["render", file, out, "--quiet"]] {
            let done = program(arguments);
            let message = String::from_utf8_lossy(&done.stderr);
            assert_eq!(done.status.code(), Some(code), "{arguments:?}: {message}");
            assert_eq!(message.contains("are missing"), code == 4, "{arguments:?}: {message}");
        }
    }
}

#[test]
fn an_existing_file_is_replaced_only_on_request_and_the_source_never() {
    let folders = Folders::with_music(2.0);
    let music = folders.music.path();
    let (input, output) = (music.join("music.wav"), music.join("out.wav"));
    let (linked, stdout) = (music.join("linked.wav"), PathBuf::from("-"));
    fs::hard_link(&input, &linked).unwrap();
    let before = fs::read(&input).unwrap();
    let render = |to: &Path, flags: &[&str]| {
        let done = program(&[&["render", input.to_str().unwrap(), to.to_str().unwrap()], flags].concat());
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned(), done.stdout)
    };
    for to in [&input, &linked] {
        let (code, message, _) = render(to, &["--overwrite"]);
        assert!(code == Some(1) && message.contains("it is the file to be read: give another name"), "{message}");
    }
    assert!(fs::read(&input).unwrap() == before);
    assert_eq!(render(&output, &[]).0, Some(0));
    let made = fs::read(&output).unwrap();
    let (code, message, _) = render(&output, &["--preset", "warm"]);
    assert!(code == Some(1) && message.contains("it exists already: give another name, or --overwrite"), "{message}");
    assert!(fs::read(&output).unwrap() == made);
    let (code, _, warm) = render(&stdout, &["--preset", "warm"]);
    assert!(code == Some(0) && warm.starts_with(b"RIFF") && warm != made);
    assert_eq!(render(&output, &["--preset", "warm", "--overwrite"]).0, Some(0));
    assert!(fs::read(&output).unwrap() == warm);
    let (code, message, _) = render(&stdout, &["--json"]);
    assert!(code == Some(2) && message.contains("--json: standard output is taken"), "{message}");
}

/// The chunks in a cache: files named by a number in a folder named by a key.
fn chunks(folder: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let keys = entries(folder).into_iter().filter(|group| group.file_name().unwrap().len() == 2);
    keys.flat_map(|group| entries(&group)).flat_map(|key| entries(&key)).collect()
}

#[test]
fn bits_that_flip_in_the_cache_between_two_requests_are_not_sent() {
    let folders = Folders::with_music(65.0);
    let server = folders.serve(&[]);
    let path = format!("/stream/{}", server.track("music.wav"));
    let whole = server.get(&path).body;
    // New chunks are verified at each use. After two seconds they are verified only when their files have changed.
    thread::sleep(Duration::from_millis(2_100));
    assert!(server.get(&path).body == whole);
    let chunks = chunks(folders.cache.path());
    for (round, restored) in [(1, false), (2, true)] {
        // The last bytes of a chunk may be sent just before its file gets its final name.
        server.wait_for("all chunks to be kept", |server| {
            server.get("/api/status").json()["cache"]["chunks"] == chunks.len()
        });
        for chunk in &chunks {
            let file = File::options().read(true).write(true).open(chunk).unwrap();
            let metadata = file.metadata().unwrap();
            let mut byte = [0];
            file.read_exact_at(&mut byte, metadata.len() / 2).unwrap();
            file.write_all_at(&[byte[0] ^ 4], metadata.len() / 2).unwrap();
            if restored {
                file.set_modified(metadata.modified().unwrap()).unwrap();
            }
        }
        assert!(server.get(&path).body == whole, "round {round}");
        let cache = server.get("/api/status").json()["cache"].clone();
        assert_eq!(cache["damaged"], round * chunks.len(), "{cache:#}");
    }
    assert!(chunks.len() > 2);
}
