//! A sound device gets the samples of an export: cpal and ALSA, with a pipe instead of a sound card.
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

/// Writes settings for ALSA whose default device writes into a pipe, no faster than the pipe is read.
fn alsa_into(folder: &Path) -> std::path::PathBuf {
    let pipe = folder.join("sound");
    assert!(Program::new("mkfifo").arg(&pipe).status().unwrap().success());
    let settings = format!(
        "pcm.!default {{ type plug slave.pcm {{ type file slave.pcm {{ type null }} file \"{}\" format \"raw\" }} }}",
        pipe.display()
    );
    fs::write(folder.join("alsa.conf"), settings).unwrap();
    pipe
}

#[test]
fn offline_equals_device() {
    for buffer in ["any", "100", "4096"] {
        let folder = tempfile::tempdir().unwrap();
        alsa_into(folder.path());
        let settings = folder.path().join("alsa.conf");
        run_apart(
            "device_half",
            &[("ALSA_CONFIG_PATH", &settings), ("FOLDER", folder.path()), ("BUFFER", Path::new(buffer))],
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
    let mut pipe = Pipe::open(&Path::new(&setting("FOLDER")).join("sound"));
    let buffer_frames = setting("BUFFER").parse().ok();
    let output = Output::Device(DeviceConfig { buffer_frames, ..DeviceConfig::default() });
    let mut engine = Engine::builder().sample_rate(SampleRate::CD).open(output).unwrap();
    pipe.pause();
    // The pipe and its reader hold 64 KiB each, and the device a few blocks, so this frame is not reached while the pipe is not
    // read.
    let zero = engine.status().frames.0 + 60_000;
    schedule_mix(&mut engine, zero);
    let got = pipe.read(8 * (zero as usize + 441_000));
    assert_same_bits(&floats(&got), &offline_mix(SampleRate::CD, zero));
    let health = engine.health().unwrap();
    assert_eq!((health.state, health.problem, health.reopens), (OutputState::Playing, None, 0));
    assert_eq!(health.output, "device:default");
    println!("callbacks of {:?} frames for {buffer_frames:?}", health.callback_frames);
    // The device's thread now hangs, because the pipe is not read any more. Dropping the engine does not wait for it.
    let dropped = std::thread::spawn(move || drop(engine));
    until("the engine is gone", || dropped.is_finished());
}

/// The reader of the pipe, which can pause.
struct Pipe {
    reading: Arc<AtomicBool>,
    chunks: mpsc::Receiver<Vec<u8>>,
}

impl Pipe {
    /// Opens the pipe and reads at once, because a device whose first block is stuck does not finish opening.
    fn open(path: &Path) -> Self {
        // Both ends are kept open, so that there is never an end of file.
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

    fn pause(&self) {
        self.reading.store(false, Ordering::Relaxed);
    }

    /// Reads the first `bytes` bytes that were written, then pauses.
    fn read(&mut self, bytes: usize) -> Vec<u8> {
        self.reading.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        while all.len() < bytes {
            all.extend(self.chunks.recv().unwrap());
        }
        self.pause();
        all.truncate(bytes);
        all
    }
}

#[test]
fn without_a_device_the_error_names_the_output_the_cause_and_the_alternatives() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("none.conf"), "pcm.spare { type null hint { show on description \"A spare\" } }\n")
        .unwrap();
    let settings = folder.path().join("none.conf");
    // There is no sound server at this address.
    run_apart("no_device_half", &[("ALSA_CONFIG_PATH", &settings), ("PULSE_SERVER", Path::new("unix:/nowhere"))]);
}

#[test]
#[ignore = "run by without_a_device..., with settings for ALSA"]
fn no_device_half() {
    if !is_apart() {
        return;
    }
    for (output, cause) in [
        ("device", "the sound server at /nowhere: No such file"),
        ("device", "default cannot be opened"),
        ("device:Desk", "there is no device \"Desk\""),
        ("device:pulseaudio:stage", "the sound server at /nowhere: No such file"),
    ] {
        let error = Engine::builder().open(output.parse().unwrap()).err().unwrap().to_string();
        println!("{error}");
        for part in [&format!("no sound from {output}: ")[..], cause, "Devices here: spare", "null or file:PATH"] {
            assert!(error.contains(part), "{part:?} is missing in: {error}");
        }
    }
    let devices = crowd_engine::output::devices().unwrap();
    let found: Vec<_> = devices.iter().map(|device| (device.name.as_str(), device.backend.as_str())).collect();
    assert_eq!(found, [("spare", "ALSA")]);
    assert!(!devices[0].is_default && devices[0].channels.contains(&2) && devices[0].sample_rates.contains(&44_100));
    // A listed device can be opened.
    let engine = Engine::builder().open("device:spare".parse().unwrap()).unwrap();
    until("it plays", || engine.health().unwrap().blocks > 100);
}
