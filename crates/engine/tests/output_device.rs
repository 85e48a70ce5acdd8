//! A sound device hears what an export writes: cpal and ALSA, with a file in the place of the sound card.
#![cfg(all(feature = "device", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;
mod output_bench;

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command as Program;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crowd_engine::output::OutputState;
use crowd_engine::{DeviceConfig, Engine, Output, SampleRate};
use output_bench::{assert_same_bits, floats, is_apart, offline_mix, run_apart, schedule_mix, until};

/// Settings for ALSA whose default device writes into a pipe: it takes sound no faster than the pipe is read.
fn alsa_into(place: &Path) -> std::path::PathBuf {
    let pipe = place.join("sound");
    assert!(Program::new("mkfifo").arg(&pipe).status().unwrap().success());
    let settings = format!(
        "pcm.!default {{ type plug slave.pcm {{ type file slave.pcm {{ type null }} file \"{}\" format \"raw\" }} }}",
        pipe.display()
    );
    fs::write(place.join("alsa.conf"), settings).unwrap();
    pipe
}

#[test]
fn offline_equals_device() {
    for buffer in ["any", "100", "4096"] {
        let place = tempfile::tempdir().unwrap();
        alsa_into(place.path());
        let settings = place.path().join("alsa.conf");
        run_apart(
            "device_half",
            &[("ALSA_CONFIG_PATH", &settings), ("PLACE", place.path()), ("BUFFER", Path::new(buffer))],
        );
    }
}

#[test]
#[ignore = "run by offline_equals_device, with settings for ALSA"]
fn device_half() {
    if !is_apart() {
        return;
    }
    let setting = |name| std::env::var(name).unwrap();
    let mut pipe = Pipe::open(&Path::new(&setting("PLACE")).join("sound"));
    let buffer_frames = setting("BUFFER").parse().ok();
    let output = Output::Device(DeviceConfig { buffer_frames, ..DeviceConfig::default() });
    let mut engine = Engine::builder().sample_rate(SampleRate::CD).open(output).unwrap();
    pipe.hold();
    // The pipe holds 64 KiB, its reader as much, and the device a few blocks: this frame is not reached before the
    // pipe is read on.
    let zero = engine.status().frames.0 + 60_000;
    schedule_mix(&mut engine, zero);
    let got = pipe.read(8 * (zero as usize + 441_000));
    assert_same_bits(&floats(&got), &offline_mix(SampleRate::CD, zero));
    let health = engine.health().unwrap();
    assert_eq!((health.state, health.problem, health.reopens), (OutputState::Playing, None, 0));
    assert_eq!(health.output, "device:default");
    println!("callbacks of {:?} frames for {buffer_frames:?}", health.callback_frames);
    // The device's thread now hangs until somebody reads the pipe, which nobody does. The end does not wait for it.
    let dropped = std::thread::spawn(move || drop(engine));
    until("the engine is gone", || dropped.is_finished());
}

/// Reads what the device writes, or makes it wait.
struct Pipe {
    reading: Arc<AtomicBool>,
    chunks: mpsc::Receiver<Vec<u8>>,
}

impl Pipe {
    /// Reads at once: a device whose first block is stuck does not finish opening.
    fn open(path: &Path) -> Self {
        // Both ends are kept, so that it never ends.
        let mut pipe = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
        let reading = Arc::new(AtomicBool::new(true));
        let (sender, chunks) = mpsc::channel();
        std::thread::spawn({
            let reading = reading.clone();
            move || loop {
                if reading.load(Ordering::Relaxed) {
                    let mut chunk = vec![0; 1 << 16];
                    let taken = pipe.read(&mut chunk).unwrap();
                    chunk.truncate(taken);
                    let _ended = sender.send(chunk);
                } else {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        });
        Self { reading, chunks }
    }

    fn hold(&self) {
        self.reading.store(false, Ordering::Relaxed);
    }

    /// The first `bytes` bytes that were written; then holds again.
    fn read(&mut self, bytes: usize) -> Vec<u8> {
        self.reading.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        while all.len() < bytes {
            all.extend(self.chunks.recv().unwrap());
        }
        self.hold();
        all.truncate(bytes);
        all
    }
}

#[test]
fn without_a_device_the_error_names_the_output_the_cause_and_the_alternatives() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("none.conf"), "pcm.spare { type null hint { show on description \"A spare\" } }\n")
        .unwrap();
    let settings = place.path().join("none.conf");
    // The address of a sound server that is not there.
    run_apart("no_device_half", &[("ALSA_CONFIG_PATH", &settings), ("PULSE_SERVER", Path::new("unix:/nowhere"))]);
}

#[test]
#[ignore = "run by without_a_device..., with settings for ALSA"]
fn no_device_half() {
    if !is_apart() {
        return;
    }
    for (asked, cause) in [
        ("device", "the sound server at /nowhere: No such file"),
        ("device", "default cannot be opened"),
        ("device:Desk", "there is no device \"Desk\""),
        ("device:pulseaudio:stage", "the sound server at /nowhere: No such file"),
    ] {
        let error = Engine::builder().open(asked.parse().unwrap()).err().unwrap().to_string();
        println!("{error}");
        for part in [&format!("no sound from {asked}: ")[..], cause, "Devices here: spare", "null or file:PATH"] {
            assert!(error.contains(part), "{part:?} is missing in: {error}");
        }
    }
    let devices = crowd_engine::output::devices().unwrap();
    let found: Vec<_> = devices.iter().map(|device| (device.name.as_str(), device.backend.as_str())).collect();
    assert_eq!(found, [("spare", "ALSA")]);
    assert!(!devices[0].is_default && devices[0].channels.contains(&2) && devices[0].sample_rates.contains(&44_100));
    // What is listed can be asked for.
    let engine = Engine::builder().open("device:spare".parse().unwrap()).unwrap();
    until("it plays", || engine.health().unwrap().blocks > 100);
}
