//! Recordings lose nothing: the program is killed, runs out of disk space, and is started again.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use common::server::{Server, TIMEOUT};
use common::*;
use rosc::OscType;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// The sound that a kill may lose, in seconds.
const MAX_LOSS: f64 = 2.0;
/// The length of the noise that is played, in seconds.
const NOISE_SECONDS: u64 = 60;

/// A running server that plays noise and records it.
struct Recorder(Server);

/// Fields of `/status`.
#[derive(Debug)]
struct RecordingStatus {
    seconds: f64,
    recording: String,
    number: i32,
    lost: f32,
}

impl Recorder {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let noise = folder.join("noise.source");
        if !noise.exists() {
            write_wav(&noise, &(0..NOISE_SECONDS * RATE).map(noise_at).collect::<Vec<_>>());
        }
        // With the signal ignored, a file that must not grow is an error and does not end the program.
        let mut launcher = Command::new("env");
        launcher.arg("--ignore-signal=XFSZ");
        Self(Server::start_by(launcher, &[&["--vol", "1", "--a", noise.to_str().unwrap()], args].concat()))
    }

    fn status(&mut self) -> RecordingStatus {
        let args = self.0.status_args();
        let &[OscType::String(ref recording), OscType::Int(number), OscType::Float(lost)] = &args[21..24] else {
            panic!("{args:?}");
        };
        let seconds = args[0].clone().float().unwrap().into();
        RecordingStatus { seconds, recording: recording.clone(), number, lost }
    }

    /// Waits until `is_so` returns true for the status.
    fn until(&mut self, what: &str, is_so: impl Fn(&RecordingStatus) -> bool) -> RecordingStatus {
        let started = Instant::now();
        loop {
            let status = self.status();
            if is_so(&status) {
                return status;
            }
            let log = self.0.log.lock().unwrap().clone();
            assert!(started.elapsed() < TIMEOUT, "not so after a minute: {what}\n{status:?}\n{log}");
            thread::sleep(Duration::from_millis(30));
        }
    }

    /// Limits the size of the server's files.
    fn limit_files(&self, bytes: &str) {
        let pid = self.0.child.id().to_string();
        let status = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:")]).status().unwrap();
        assert!(status.success());
    }

    /// Kills the server, as a power cut would; returns how many seconds it had played.
    fn kill(mut self) -> f64 {
        let seconds = self.status().seconds;
        self.0.kill();
        seconds
    }

    fn stop(self) -> (ExitStatus, String) {
        self.0.stop()
    }
}

/// Noise in which every span is different.
fn noise_at(frame: u64) -> i16 {
    let mixed = (frame + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 50) as i16 | 1
}

/// Checks that a sound is silence and then the noise from its beginning, bit for bit.
fn assert_is_noise(sound: &[f32], what: &Path) {
    let start = sound.iter().position(|x| *x != 0.0).unwrap_or(sound.len());
    for (n, x) in sound[start..].iter().enumerate() {
        assert_eq!(*x, f32::from(noise_at(n as u64)) / 32_768.0, "{}: frame {n} from {start}", what.display());
    }
}

/// The left channel, as ffmpeg decodes it.
fn by_ffmpeg(path: &Path) -> Vec<f32> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(path)
        .args(["-f", "f32le", "-c:a", "pcm_f32le", "-"])
        .output()
        .expect("ffmpeg has to be installed: scripts/setup.sh test");
    output.stdout.as_chunks::<8>().0.iter().map(|[a, b, c, d, ..]| f32::from_le_bytes([*a, *b, *c, *d])).collect()
}

/// Records, kills the server after some time, and reads the file.
fn check_kill(folder: &Path, name: &str, after: Duration) {
    let path = folder.join(name);
    let server = Recorder::start(folder, &["--output", "null", "--record", path.to_str().unwrap()]);
    thread::sleep(after);
    let played = server.kill();
    let expected = (played - MAX_LOSS) * RATE as f64;
    let ours = read_wav(&path);
    assert!(ours.len() as f64 >= expected, "{name}: {} frames of {played} s", ours.len());
    assert_is_noise(&ours, &path);
    let theirs = by_ffmpeg(&path);
    assert!(theirs.len() as f64 >= expected, "{name}: {} frames by ffmpeg of {played} s", theirs.len());
    let common = ours.len().min(theirs.len());
    assert!(ours[..common] == theirs[..common], "{name}: ffmpeg reads something else");
    assert!(played < 1.0 || ours.iter().any(|x| *x != 0.0), "{name}: only silence in {played} s");
}

/// Kills `times` servers at random times in their first seconds, eight at a time.
fn kill_servers(times: u64) {
    let folder = tempfile::tempdir().unwrap();
    // Writes the noise, before several servers need it.
    Recorder::start(folder.path(), &["--output", "null"]).kill();
    for round in 0..times.div_ceil(8) {
        thread::scope(|scope| {
            for n in 8 * round..times.min(8 * (round + 1)) {
                let folder = folder.path();
                let milliseconds = 150 + (noise_at(n) as u16 as u64) % 4_000;
                let name = format!("{n}.{}", ["wav", "flac"][n as usize % 2]);
                scope.spawn(move || check_kill(folder, &name, Duration::from_millis(milliseconds)));
            }
        });
    }
}

#[test]
fn a_kill_at_any_time_loses_two_seconds_at_most() {
    kill_servers(16);
}

#[test]
#[ignore = "takes minutes; part of make proof"]
fn two_hundred_kills_lose_two_seconds_at_most_each() {
    kill_servers(200);
}

#[test]
fn a_restart_keeps_the_earlier_recording_and_logs_the_new_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("night.wav");
    let args = ["--output", "null", "--record", path.to_str().unwrap()];
    let mut first = Recorder::start(folder.path(), &args);
    first.until("a second was played", |status| status.seconds > 1.0);
    first.kill();
    let before = std::fs::read(&path).unwrap();
    let mut second = Recorder::start(folder.path(), &args);
    let status = second.until("a second was played", |status| status.seconds > 1.0);
    assert_eq!((status.recording.as_str(), status.number, status.lost), ("on", 2, 0.0));
    let (status, log) = second.stop();
    assert!(status.success() && log.contains("night-2.wav"), "{log}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_is_noise(&read_wav(&folder.path().join("night-2.wav")), &path);
}

/// An output of `file:` is a recording like any other: a full disk does not end the server.
#[test]
fn on_a_full_disk_the_sound_goes_on_and_the_recording_when_there_is_space_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("night.wav");
    let mut server = Recorder::start(folder.path(), &["--output", &format!("file:{}", path.display())]);
    server.until("a second was played", |status| status.seconds > 1.0);
    server.limit_files("1000");
    let status = server.until("the status is waiting", |status| status.recording == "waiting");
    // The file is complete up to here.
    let first = read_wav(&path);
    assert_is_noise(&first, &path);
    server.until("the sound goes on", |now| now.seconds > status.seconds + 1.0);
    server.limit_files("unlimited");
    let status = server.until("it records again", |status| status.recording == "on");
    assert_eq!((status.number, status.lost), (2, 0.0));
    let (exit, log) = server.stop();
    assert!(exit.success(), "{log}");
    assert!(log.contains("too large") && log.contains("continues in") && log.contains("night-2.wav"), "{log}");
    assert_eq!(read_wav(&path), first);
    let both = [first, read_wav(&folder.path().join("night-2.wav"))].concat();
    assert_is_noise(&both, &path);
    assert!(both.len() as f64 > status.seconds * RATE as f64, "{} frames", both.len());
}

#[test]
fn a_recording_that_cannot_be_finished_gives_exit_status_1() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("night.flac");
    let mut server = Recorder::start(folder.path(), &["--output", "null", "--record", path.to_str().unwrap()]);
    server.until("a second was played", |status| status.seconds > 1.0);
    server.limit_files("1000");
    server.until("the status is waiting", |status| status.recording == "waiting");
    let (exit, log) = server.stop();
    assert_eq!(exit.code(), Some(1), "{log}");
    assert_is_noise(&read_wav(&path), &path);
}

#[test]
fn files_of_a_split_recording_join_without_a_seam() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["wav", "flac"] {
        let path = folder.path().join(format!("night.{ending}"));
        let args = ["--output", "null", "--record", path.to_str().unwrap(), "--record-split", "0.1"];
        let mut server = Recorder::start(folder.path(), &args);
        server.until("the second file was started", |status| status.number == 2 && status.seconds > 6.5);
        let (exit, log) = server.stop();
        assert!(exit.success(), "{log}");
        let second = PathBuf::from(format!("{}/night-2.{ending}", folder.path().display()));
        let first = read_wav(&path);
        assert_eq!(first.len() as u64, 6 * RATE, "a file of six seconds");
        assert_is_noise(&[first, read_wav(&second)].concat(), &path);
    }
}

#[test]
fn a_split_without_a_recording_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_audio-server"))
        .args(["--port", "0", "--output", "null", "--record-split", "60"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && text.contains("nothing is recorded"), "{text}");
}
