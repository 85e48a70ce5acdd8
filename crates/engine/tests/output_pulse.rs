//! Tests with a real sound server: it plays the samples of an export, and playback continues when a removed sink is back.
#![cfg(all(feature = "device", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;
mod output_bench;

use std::fs;
use std::io::{BufReader, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};
use std::time::{Duration, Instant};

use crowd_engine::output::OutputState;
use crowd_engine::{
    Command, CrossfadeLaw, DeckCommand, DeckId, Engine, Frames, Gain, LoopRegion, Output, SampleRate, When,
};
use output_bench::{ChildProcess, is_apart, offline_mix, run_apart, schedule_mix, threads, until};

/// Without `norewinds` the server would take back the first second of sound to mix other streams in.
const SINK: [&str; 6] =
    ["module-null-sink", "sink_name=stage", "rate=48000", "channels=2", "format=float32le", "norewinds=1"];

/// A sound server that the test starts, with its own folder.
struct Server {
    folder: tempfile::TempDir,
    process: ChildProcess,
}

impl Server {
    /// Starts the server. This needs pulseaudio, pactl and parec.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (run, home) = (folder.path().join("run"), folder.path().join("home"));
        for path in [&run, &home] {
            fs::DirBuilder::new().mode(0o700).create(path).unwrap();
        }
        let socket = folder.path().join("native");
        let script = format!(
            ".fail\nload-module module-native-protocol-unix auth-anonymous=1 socket={}\nload-module {}\n\
             set-default-sink stage\nset-default-source stage.monitor\n",
            socket.display(),
            SINK.join(" ")
        );
        fs::write(folder.path().join("server.pa"), script).unwrap();
        let server = Program::new("pulseaudio")
            .arg("-n")
            .arg("-F")
            .arg(folder.path().join("server.pa"))
            .args(["--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--log-target=stderr"])
            .env("HOME", &home)
            .env("XDG_RUNTIME_DIR", &run)
            .stderr(fs::File::create(folder.path().join("server.log")).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("pulseaudio: {error}: scripts/setup.sh test installs what tests need"));
        let server = Self { folder, process: ChildProcess(server) };
        until("the server answers", || server.program("pactl").arg("info").output().unwrap().status.success());
        server
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn address(&self) -> PathBuf {
        PathBuf::from(format!("unix:{}", self.folder.path().join("native").display()))
    }

    fn program(&self, name: &str) -> Program {
        client(name, &self.address(), &self.home())
    }

    /// Runs a test of this file as a client of this server.
    #[track_caller]
    fn run(&self, test: &str) {
        run_apart(test, &[("PULSE_SERVER", &self.address()), ("HOME", &self.home())]);
    }
}

fn client(name: &str, server: &Path, home: &Path) -> Program {
    let mut program = Program::new(name);
    program.env("PULSE_SERVER", server).env("HOME", home);
    program
}

/// Runs pactl with the server of this process.
fn pactl(words: &[&str]) -> String {
    let output = Program::new("pactl").args(words).output().unwrap();
    assert!(output.status.success(), "pactl {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_sound_server_plays_the_samples_of_an_export() {
    let server = Server::start();
    server.run("recorded_half");
}

#[test]
#[ignore = "run by a_sound_server_plays..., as a client of its server"]
fn recorded_half() {
    if !is_apart() {
        return;
    }
    let mut recorder = Program::new("parec")
        .args(["-d", "stage.monitor", "--format=float32le", "--rate=48000", "--channels=2", "--latency-msec=200"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut sound = BufReader::new(recorder.stdout.take().unwrap());
    let _recorder = ChildProcess(recorder);
    // Once there are bytes, it records.
    sound.read_exact(&mut [0; 8]).unwrap();

    let output: Output = "device".parse().unwrap();
    let mut engine = Engine::builder().open(output.with_buffer_frames(8_192)).unwrap();
    assert_eq!(engine.sample_rate(), SampleRate::DAT, "the engine has the rate of the sink");
    // Late enough for a busy machine.
    let zero = engine.status().frames.0 + 96_000;
    schedule_mix(&mut engine, zero);
    let wanted = offline_mix(SampleRate::DAT, zero);
    let wanted = &wanted[2 * zero as usize..];

    let mut recording = Recording { sound, gaps: 0 };
    recording.expect(wanted);
    let health = engine.health().unwrap();
    assert_eq!(engine.status().late_commands, 0);
    println!("callbacks of {:?} frames, {:?}, load {:?}", health.callback_frames, health.realtime, health.load);
    println!("the server inserted {} silent frames because this machine was too busy", recording.gaps);
    assert_eq!((health.state, health.problem, health.reopens), (OutputState::Playing, None, 0));
}

/// The frames that the recorder receives, and the number of silent frames that the server inserted.
struct Recording<R> {
    sound: R,
    gaps: usize,
}

impl<R: Read> Recording<R> {
    /// The bits of the next frame.
    fn frame(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.sound.read_exact(&mut bytes).unwrap();
        u64::from_le_bytes(bytes)
    }

    /// Expects every frame of `wanted`, bit for bit and in order. A late server inserts silence, but no frame may be lost, changed
    /// or doubled.
    #[track_caller]
    fn expect(&mut self, wanted: &[f32]) {
        let (wanted, rest) = wanted.as_chunks::<2>();
        assert!(rest.is_empty());
        let bits = |[left, right]: [f32; 2]| u64::from(left.to_bits()) | u64::from(right.to_bits()) << 32;
        let minute = 60 * 48_000;
        assert!((0..minute).any(|_| self.frame() == bits(wanted[0])), "it never begins");
        for (at, wanted) in wanted.iter().enumerate().skip(1) {
            let mut got = self.frame();
            while got == 0 && bits(*wanted) != 0 && self.gaps < minute {
                self.gaps += 1;
                got = self.frame();
            }
            assert_eq!(got, bits(*wanted), "frame {at}");
        }
    }
}

#[test]
fn a_buffer_that_is_too_small_grows_while_the_music_continues() {
    let server = Server::start();
    server.run("growing_half");
}

#[test]
#[ignore = "run by a_buffer_that_is_too_small..., as a client of its server"]
fn growing_half() {
    if !is_apart() {
        return;
    }
    let output: Output = "device".parse().unwrap();
    let output = output.with_buffer_frames(256).with_adaptive_buffer();
    let mut engine = Engine::builder().queue(1 << 18).open(output).unwrap();
    let track = common::sine_track(440.0, 0.4, 44_100);
    let region = LoopRegion::new(Frames(0), Frames(1 << 40)).unwrap();
    engine.deck(DeckId::A).load(&track).unwrap().loop_(Some(region)).unwrap().play().unwrap();
    until("it has settled", || engine.status().frames.0 > 96_000);
    // A busy machine may have been late already.
    let settled = engine.health().unwrap();
    assert_eq!(settled.buffer_frames, Some(256 << settled.buffer_raises));

    // A block is late here because of its work: so many commands act at once that they take longer than the block.
    let mut count = 2_000;
    let (mut sent, mut before) = (Instant::now(), 0.0);
    let zero = Instant::now();
    let ahead = |engine: &Engine| engine.status().frames.0 as f64 / 48_000.0 - zero.elapsed().as_secs_f64();
    until("the buffer grows", || {
        if engine.health().unwrap().buffer_raises > settled.buffer_raises {
            return true;
        }
        before = ahead(&engine);
        if sent.elapsed() > Duration::from_millis(100) {
            sent = Instant::now();
            count = (count * 5 / 4).min(200_000);
            let level = |_| {
                Command::Deck(
                    DeckId::B,
                    DeckCommand::Fader { gain: Gain::UNITY, over: Frames(64), law: CrossfadeLaw::Linear },
                )
            };
            let commands: Vec<Command> = (0..count).map(level).collect();
            let _full = engine.send_all(commands, When::NextBlock);
        }
        false
    });
    let raised = engine.health().unwrap();
    println!("{count} commands at once: {} late, {} gaps", raised.missed_deadlines, raised.xruns);
    until("it plays on", || {
        let health = engine.health().unwrap();
        health.state == OutputState::Playing && health.blocks > raised.blocks + 200
    });
    let health = engine.health().unwrap();
    assert_eq!(health.buffer_frames, Some(256 << health.buffer_raises));
    // A sound server may end a stream that was late. The device is then lost and opened again.
    println!("lost {} times, larger {} times", health.reopens, health.buffer_raises);
    let after = ahead(&engine);
    println!("callbacks of {:?} frames; {before:.3} s ahead of the clock, then {after:.3} s", health.callback_frames);
    assert!((after - before).abs() < 0.3, "the time line of the engine continues");
    // The deck has missed nothing: its position follows the engine's time line.
    let status = engine.status();
    let off = status.decks[0].position - status.horizon.0 as f64 * 44_100.0 / 48_000.0;
    let started = Frames(48_000).0 as f64;
    assert!(off <= 0.0 && off > -started, "{off}");
    assert_eq!((status.decks[0].playing, pactl(&["list", "short", "sink-inputs"]).lines().count()), (1, 1));
}

/// A server that stops for a while causes an underrun and no loss: the same stream continues, with both protocols.
#[test]
fn a_server_that_stops_for_a_third_of_a_second_loses_no_device() {
    let server = Server::start();
    for test in ["stopped_half", "stopped_plug_in_half"] {
        let pid = server.process.0.id().to_string();
        run_apart(
            test,
            &[("PULSE_SERVER", &server.address()), ("HOME", &server.home()), ("SERVER_PID", Path::new(&pid))],
        );
    }
}

#[test]
#[ignore = "run by a_server_that_stops..., as a client of its server"]
fn stopped_half() {
    stop_and_continue("device", "device:pulseaudio:stage");
}

#[test]
#[ignore = "run by a_server_that_stops..., as a client of its server"]
fn stopped_plug_in_half() {
    stop_and_continue("device:default", "device:default");
}

fn stop_and_continue(output: &str, plays: &str) {
    if !is_apart() {
        return;
    }
    let engine = Engine::builder().open(output.parse::<Output>().unwrap().with_buffer_frames(1_024)).unwrap();
    assert_eq!(engine.health().unwrap().output, plays);
    until("it plays", || engine.health().unwrap().blocks > 10);
    let server = std::env::var("SERVER_PID").unwrap();
    let signal = |signal: &str| assert!(Program::new("kill").args([signal, &server]).status().unwrap().success());
    for round in 1..=3 {
        let before = engine.health().unwrap();
        signal("-STOP");
        std::thread::sleep(Duration::from_millis(300));
        signal("-CONT");
        until("it plays on", || engine.health().unwrap().blocks > before.blocks + 100);
        let health = engine.health().unwrap();
        println!("{output}, round {round}: {} gaps reported", health.xruns);
        assert_eq!((health.state, health.problem, health.reopens), (OutputState::Playing, None, 0));
        assert_eq!(pactl(&["list", "short", "sink-inputs"]).lines().count(), 1);
    }
    assert!(
        engine.health().unwrap().xruns >= 1,
        "a server that stopped for longer than its buffer reports an underrun"
    );
}

#[test]
fn a_sound_servers_sinks_are_listed_first_and_by_its_name() {
    let server = Server::start();
    server.run("listed_half");
}

#[test]
#[ignore = "run by a_sound_servers_sinks..., as a client of its server"]
fn listed_half() {
    if !is_apart() {
        return;
    }
    let devices = crowd_engine::output::devices().unwrap();
    let first = &devices[0];
    assert_eq!(
        (first.name.as_str(), first.backend.as_str(), first.is_default),
        ("pulseaudio:stage", "PulseAudio", true)
    );
    assert_eq!((first.channels.clone(), first.sample_rates.clone()), (2..=2, 48_000..=48_000));
    assert_eq!(devices.iter().filter(|device| device.is_default).count(), 1);
    assert!(devices[1..].iter().all(|device| device.backend == "ALSA"), "{devices:?}");
    // The server's name, its description and the name in the list all open it.
    for name in ["stage", &first.description, &first.name] {
        let engine = Engine::builder().open(format!("device:{name}").parse().unwrap()).unwrap();
        assert_eq!(engine.health().unwrap().output, "device:pulseaudio:stage");
    }
    let error = Engine::builder().open("device:pulseaudio:desk".parse().unwrap()).err().unwrap().to_string();
    assert!(error.contains("there is no device \"pulseaudio:desk\"") && error.contains("pulseaudio:stage"), "{error}");
}

#[test]
fn a_device_that_was_removed_plays_again_within_a_second_of_its_return() {
    let server = Server::start();
    server.run("unplugged_half");
    server.run("unplugged_plug_in_half");
}

#[test]
#[ignore = "run by a_device_that_was_removed..., as a client of its server"]
fn unplugged_half() {
    unplugged("device");
}

#[test]
#[ignore = "run by a_device_that_was_removed..., as a client of its server"]
fn unplugged_plug_in_half() {
    unplugged("device:default");
}

fn unplugged(output: &str) {
    if !is_apart() {
        return;
    }
    let engine = Engine::builder().open(output.parse().unwrap()).unwrap();
    until("it plays", || engine.health().unwrap().blocks > 10);
    let playing = threads();
    for round in 1..=3 {
        let before = engine.health().unwrap();
        pactl(&["unload-module", "module-null-sink"]);
        until("the loss is noticed", || matches!(engine.health().unwrap().state, OutputState::Lost { .. }));
        let frames = engine.status().frames.0;
        until("a second passes unheard", || engine.status().frames.0 > frames + 48_000);
        let lost = engine.health().unwrap();
        assert!(lost.blocks >= before.blocks && lost.problem.is_some(), "{lost:?}");

        pactl(&[&["load-module"], &SINK[..]].concat());
        let back = Instant::now();
        until("it plays again", || {
            let health = engine.health().unwrap();
            health.state == OutputState::Playing && health.blocks > lost.blocks
        });
        println!("away for {}, back in {:?}", lost.problem.unwrap(), back.elapsed());
        assert!(back.elapsed() < Duration::from_secs(1), "{:?}", back.elapsed());
        let health = engine.health().unwrap();
        assert_eq!((health.reopens, health.problem), (round, None));
        until("the old stream's threads are gone", || threads() == playing);
        assert_eq!(pactl(&["list", "short", "sink-inputs"]).lines().count(), 1);
    }
    drop(engine);
    until("all threads are gone", || threads() == 2); // the test's own and the main one
}
