//! Recordings of sources on a full disk, and after the process was killed. The tests need ffmpeg.
#![allow(dead_code, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[path = "source_port/client.rs"]
mod client;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use client::{ANNA, Port, RATE, encoded, receive, wait};

/// The folder that a test of this program gives to another one.
const FOLDER: &str = "CROWD_RADIO_TEST_FOLDER";
const MP3: [&str; 6] = ["-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3"];

/// Another process of this program, which runs an ignored test, after the words of `wrapper`.
fn this_test(wrapper: &[&str], test: &str, folder: &Path) -> Command {
    let program = std::env::current_exe().unwrap();
    let words = [wrapper, &[program.to_str().unwrap(), "--ignored", "--exact", "--nocapture", test]].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env(FOLDER, folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn given_folder() -> PathBuf {
    std::env::var_os(FOLDER).unwrap().into()
}

#[test]
fn a_full_disk_ends_the_recording_and_the_sound_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    encoded(folder.path(), "a.mp3", 10, 44_100, &MP3);
    // A disk of 100 kB, which only the other process sees, and which is unmounted when it ends.
    let mount = format!("mount -t tmpfs -o size=100k none '{}' && exec \"$@\"", disk.display());
    let ways: [&[&str]; 2] = [&["unshare", "--mount"], &["unshare", "--map-root-user", "--mount"]];
    let words = |way: &&[&'static str]| [*way, &["sh", "-c", &mount, "sh"]].concat().join("\0");
    let may_mount = |way: &&&[&'static str]| {
        let words = words(way);
        let words: Vec<_> = words.split('\0').collect();
        Command::new(words[0]).args(&words[1..]).arg("true").output().is_ok_and(|output| output.status.success())
    };
    let Some(way) = ways.iter().find(may_mount) else {
        eprintln!("SKIPPED: a full disk: mounting is not permitted here (unshare --map-root-user --mount)");
        return;
    };
    let words = words(way);
    let wrapper: Vec<_> = words.split('\0').collect();
    let output = this_test(&wrapper, "record_on_a_small_disk", folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
}

#[test]
#[ignore = "run by a_full_disk_ends_the_recording_and_the_sound_goes_on"]
fn record_on_a_small_disk() {
    let disk = given_folder().join("disk");
    let port = Port::open(Some(&disk));
    let bytes = std::fs::read(given_folder().join("a.mp3")).unwrap();
    let received = receive(&port.live);
    let mut socket = port.source("/live", ANNA);
    socket.write_all(&bytes).unwrap();
    drop(socket);
    assert!(received.join().unwrap().frames.len() > 10 * RATE as usize);
    let [status] = &port.port.recordings()[..] else { panic!("one recording") };
    let problem = status.problem.as_deref().unwrap();
    assert!(!status.is_open && problem.contains("free some space"), "{status:?}");
    // What had room is kept under its final name.
    let recorded = std::fs::read(&status.file).unwrap();
    assert!(recorded.len() > 50_000 && bytes.starts_with(&recorded), "{}", recorded.len());
    assert_eq!(status.file.extension().unwrap(), "mp3");
}

#[test]
fn a_process_that_is_killed_leaves_a_recording_up_to_the_last_second() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = encoded(folder.path(), "a.mp3", 5, 44_100, &MP3);
    let recordings = folder.path().join("recordings");
    let mut process = this_test(&[], "record_until_killed", folder.path()).spawn().unwrap();
    wait("the end of the sound", Duration::from_secs(20), || folder.path().join("sent").exists());
    process.kill().unwrap();
    process.wait().unwrap();
    let names =
        || -> Vec<PathBuf> { std::fs::read_dir(&recordings).unwrap().map(|entry| entry.unwrap().path()).collect() };
    let [part] = &names()[..] else { panic!("{:?}", names()) };
    assert_eq!(part.extension().unwrap(), "part");
    drop(Port::open(Some(&recordings)));
    let [file] = &names()[..] else { panic!("{:?}", names()) };
    assert_eq!(file, &part.with_extension(""));
    assert!(std::fs::read(file).unwrap() == bytes);
}

#[test]
#[ignore = "run by a_process_that_is_killed_leaves_a_recording_up_to_the_last_second"]
fn record_until_killed() {
    let port = Port::open(Some(&given_folder().join("recordings")));
    let bytes = std::fs::read(given_folder().join("a.mp3")).unwrap();
    let mut socket = port.source("/live", ANNA);
    socket.write_all(&bytes).unwrap();
    // A second after the last byte, it is on the disk.
    wait("sound", Duration::from_secs(10), || port.live.status().waiting > 5 * RATE as usize);
    std::thread::sleep(Duration::from_secs(1));
    std::fs::write(given_folder().join("sent"), "").unwrap();
    std::thread::sleep(Duration::from_secs(60));
    drop(socket);
}
