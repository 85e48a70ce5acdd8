//! Nothing recorded is lost: the real program, killed, out of room, started again.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use common::server::{PATIENCE, Server};
use common::*;
use rosc::OscType;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// What a kill may take, in seconds.
const TAKEN: f64 = 2.0;
/// Seconds of noise that are played.
const NOISE_SECONDS: u64 = 60;

/// A running server that plays noise and records it.
struct Recording(Server);

/// What `/status` says.
#[derive(Debug)]
struct Told {
    seconds: f64,
    recording: String,
    number: i32,
    lost: f32,
}

impl Recording {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let noise = folder.join("noise.source");
        if !noise.exists() {
            write_wav(&noise, &(0..NOISE_SECONDS * RATE).map(noise_at).collect::<Vec<_>>());
        }
        // A file that may not grow is an error then, and not the end.
        let mut through = Command::new("env");
        through.arg("--ignore-signal=XFSZ");
        Self(Server::start_by(through, &[&["--vol", "1", "--a", noise.to_str().unwrap()], args].concat()))
    }

    fn status(&mut self) -> Told {
        let args = self.0.status_args();
        let &[OscType::String(ref recording), OscType::Int(number), OscType::Float(lost)] = &args[21..24] else {
            panic!("{args:?}");
        };
        let seconds = args[0].clone().float().unwrap().into();
        Told { seconds, recording: recording.clone(), number, lost }
    }

    /// Waits until the status is as wanted.
    fn until(&mut self, what: &str, is_so: impl Fn(&Told) -> bool) -> Told {
        let began = Instant::now();
        loop {
            let told = self.status();
            if is_so(&told) {
                return told;
            }
            let log = self.0.log.lock().unwrap().clone();
            assert!(began.elapsed() < PATIENCE, "not so after a minute: {what}\n{told:?}\n{log}");
            thread::sleep(Duration::from_millis(30));
        }
    }

    /// How large its files may become.
    fn limit_files(&self, bytes: &str) {
        let pid = self.0.child.id().to_string();
        let done = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:")]).status().unwrap();
        assert!(done.success());
    }

    /// Ends it as a power cut would; returns how many seconds it had played before.
    fn kill(mut self) -> f64 {
        let seconds = self.status().seconds;
        self.0.kill();
        seconds
    }

    fn stop(self) -> (ExitStatus, String) {
        self.0.stop()
    }
}

/// Noise that no other place of the file has.
fn noise_at(frame: u64) -> i16 {
    let mixed = (frame + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 50) as i16 | 1
}

/// Checks that sound is silence and then the noise from its start, to the end and bit for bit.
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

/// Records, kills after so long, and reads what is there.
fn survives_a_kill(folder: &Path, name: &str, after: Duration) {
    let path = folder.join(name);
    let server = Recording::start(folder, &["--output", "null", "--record", path.to_str().unwrap()]);
    thread::sleep(after);
    let played = server.kill();
    let least = (played - TAKEN) * RATE as f64;
    let ours = read_wav(&path);
    assert!(ours.len() as f64 >= least, "{name}: {} frames of {played} s", ours.len());
    assert_is_noise(&ours, &path);
    let theirs = by_ffmpeg(&path);
    assert!(theirs.len() as f64 >= least, "{name}: {} frames by ffmpeg of {played} s", theirs.len());
    let common = ours.len().min(theirs.len());
    assert!(ours[..common] == theirs[..common], "{name}: ffmpeg reads something else");
    assert!(played < 1.0 || ours.iter().any(|x| *x != 0.0), "{name}: only silence in {played} s");
}

/// Kills so many servers at random moments of their first seconds, eight at a time.
fn kill(times: u64) {
    let folder = tempfile::tempdir().unwrap();
    // Made once, before all of them look for it.
    Recording::start(folder.path(), &["--output", "null"]).kill();
    for round in 0..times.div_ceil(8) {
        thread::scope(|scope| {
            for n in 8 * round..times.min(8 * (round + 1)) {
                let folder = folder.path();
                let milliseconds = 150 + (noise_at(n) as u16 as u64) % 4_000;
                let name = format!("{n}.{}", ["wav", "flac"][n as usize % 2]);
                scope.spawn(move || survives_a_kill(folder, &name, Duration::from_millis(milliseconds)));
            }
        });
    }
}

#[test]
fn a_kill_at_any_moment_takes_two_seconds_at_most() {
    kill(16);
}

#[test]
#[ignore = "takes minutes; part of make proof"]
fn two_hundred_kills_take_two_seconds_at_most_each() {
    kill(200);
}

#[test]
fn a_restart_keeps_the_night_before_and_says_where_it_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("night.wav");
    let args = ["--output", "null", "--record", path.to_str().unwrap()];
    let mut first = Recording::start(folder.path(), &args);
    first.until("a second was played", |told| told.seconds > 1.0);
    first.kill();
    let before = std::fs::read(&path).unwrap();
    let mut second = Recording::start(folder.path(), &args);
    let told = second.until("a second was played", |told| told.seconds > 1.0);
    assert_eq!((told.recording.as_str(), told.number, told.lost), ("on", 2, 0.0));
    let (status, log) = second.stop();
    assert!(status.success() && log.contains("night-2.wav"), "{log}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_is_noise(&read_wav(&folder.path().join("night-2.wav")), &path);
}

/// `file:` alone is a recording as any other: no room does not end the server.
#[test]
fn without_room_the_sound_goes_on_and_so_does_the_recording_when_there_is_some() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("night.wav");
    let mut server = Recording::start(folder.path(), &["--output", &format!("file:{}", path.display())]);
    server.until("a second was played", |told| told.seconds > 1.0);
    server.limit_files("1000");
    let told = server.until("it is told", |told| told.recording == "waiting");
    // What was written is complete, now.
    let first = read_wav(&path);
    assert_is_noise(&first, &path);
    server.until("the sound goes on", |now| now.seconds > told.seconds + 1.0);
    server.limit_files("unlimited");
    let told = server.until("it records again", |told| told.recording == "on");
    assert_eq!((told.number, told.lost), (2, 0.0));
    let (status, log) = server.stop();
    assert!(status.success(), "{log}");
    assert!(log.contains("too large") && log.contains("goes on in") && log.contains("night-2.wav"), "{log}");
    assert_eq!(read_wav(&path), first);
    let both = [first, read_wav(&folder.path().join("night-2.wav"))].concat();
    assert_is_noise(&both, &path);
    assert!(both.len() as f64 > told.seconds * RATE as f64, "{} frames", both.len());
}

#[test]
fn an_end_that_finds_no_room_is_told_in_the_exit_status() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("night.flac");
    let mut server = Recording::start(folder.path(), &["--output", "null", "--record", path.to_str().unwrap()]);
    server.until("a second was played", |told| told.seconds > 1.0);
    server.limit_files("1000");
    server.until("it is told", |told| told.recording == "waiting");
    let (status, log) = server.stop();
    assert_eq!(status.code(), Some(1), "{log}");
    assert_is_noise(&read_wav(&path), &path);
}

#[test]
fn files_of_a_split_recording_join_without_a_seam() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["wav", "flac"] {
        let path = folder.path().join(format!("night.{ending}"));
        let args = ["--output", "null", "--record", path.to_str().unwrap(), "--record-split", "0.1"];
        let mut server = Recording::start(folder.path(), &args);
        server.until("the second file is begun", |told| told.number == 2 && told.seconds > 6.5);
        let (status, log) = server.stop();
        assert!(status.success(), "{log}");
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
