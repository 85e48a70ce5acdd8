//! Outputs without a device run in real time, and a file holds the samples of an export.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;
mod output_bench;

use std::time::{Duration, Instant};

use crowd_engine::output::{OutputState, Realtime};
use crowd_engine::{Engine, Output, SampleRate};
use output_bench::until;

#[test]
fn null_keeps_time_within_a_block() {
    let frames = 480;
    let before = Instant::now();
    let output = Output::Null { buffer_frames: Some(frames) };
    let engine = Engine::builder().sample_rate(SampleRate::DAT).open(output).unwrap();
    let opened = Instant::now();
    let mut reached = 0;
    while reached < 2 * 48_000 {
        std::thread::sleep(Duration::from_millis(7));
        // At least the frames of the time before the two readings are rendered, at most those of the time after them and a block.
        let least = opened.elapsed();
        let health = engine.health().unwrap();
        reached = engine.status().frames.0;
        let most = before.elapsed().as_secs_f64() * 48_000.0 + f64::from(frames);
        assert!(reached as f64 <= most, "{reached} frames are too many: {most} at most");
        // When the machine stops the thread for longer than a device's buffer (50 ms), the output is late, and this is counted as soon
        // as the thread runs again.
        if (reached as f64) < least.as_secs_f64() * 48_000.0 - f64::from(2 * frames) - 0.05 * 48_000.0 {
            until("it runs again", || engine.health().unwrap().blocks > health.blocks + 2);
            assert!(engine.health().unwrap().missed_deadlines > 0, "{reached} frames after {least:?}, and none missed");
        }
    }
    let health = engine.health().unwrap();
    assert_eq!((health.state, health.realtime, health.xruns), (OutputState::Playing, Realtime::NotRequested, 0));
    assert_eq!((health.output.as_str(), health.sample_rate), ("null", SampleRate::DAT));
    assert_eq!(health.callback_frames, Some(frames..=frames));
    assert!(health.load.mean > 0.0 && health.load.mean <= health.load.max && health.peak_block_us > 0.0);
    engine.close().unwrap();
}

#[test]
fn a_block_that_takes_longer_than_it_lasts_is_a_missed_deadline() {
    // No machine can render sixteen decks of 64 stems in the 42 us of a block of 16 frames.
    let output = Output::Null { buffer_frames: Some(16) };
    let mut engine =
        Engine::builder().sample_rate(SampleRate::new(384_000).unwrap()).decks(16).stems(64).open(output).unwrap();
    let track = common::noise_track(400_000, 3);
    for deck in 0..16 {
        for stem in 0..64 {
            let (deck, stem) = (crowd_engine::DeckId::new(deck).unwrap(), crowd_engine::StemId(stem));
            until("there is room", || engine.deck(deck).stem(stem).load(&track).is_ok());
            until("there is room", || engine.deck(deck).stem(stem).play().is_ok());
        }
    }
    until("the load shows", || engine.health().unwrap().load.max > 1.0);
    until("deadlines are missed", || engine.health().unwrap().missed_deadlines > 10);
    assert!(engine.health().unwrap().underruns() > 10);
}

#[cfg(feature = "decode")]
mod file {
    use super::*;
    use output_bench::{assert_same_bits, floats, offline_mix, schedule_mix};

    fn samples(path: &std::path::Path) -> Vec<f32> {
        let audio = crowd_media::open(path, &Default::default()).unwrap();
        assert_eq!((audio.sample_rate, audio.channels), (44_100, 2));
        let crowd_media::Samples::F32(samples) = audio.samples else { panic!("not a float file") };
        samples
    }

    #[test]
    fn a_file_holds_the_samples_of_an_export_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mix.wav");
        let output: Output = format!("file:{}", path.display()).parse().unwrap();
        let mut engine = Engine::builder().open(output.with_buffer_frames(441)).unwrap();
        let zero = 88_200;
        schedule_mix(&mut engine, zero);
        let wanted = offline_mix(SampleRate::CD, zero);
        until("all of it was played", || engine.status().frames.0 * 2 >= wanted.len() as u64);
        assert_eq!(engine.status().late_commands, 0, "this machine stopped for two seconds");
        until("all of it can be read while the file grows", || samples(&path).len() >= wanted.len());
        assert_same_bits(&samples(&path)[..wanted.len()], &wanted);
        let played = |engine: &Engine| engine.status().frames.0;
        let least = played(&engine);
        engine.close().unwrap();
        let got = samples(&path);
        assert!(got.len() as u64 >= 2 * least, "played frames are missing");
        assert_same_bits(&got[..wanted.len()], &wanted);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "there are other files");
        let header = std::fs::read(&path).unwrap();
        assert_eq!(floats(&header[header.len() - 4 * got.len()..]), got, "the file ends with the samples");
    }

    #[test]
    fn a_dropped_engine_finishes_its_file_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mix.wav");
        let engine = Engine::builder().open(Output::File { path: path.clone(), buffer_frames: None }).unwrap();
        until("it plays", || engine.health().unwrap().blocks > 4);
        drop(engine);
        assert!(samples(&path).len() >= 2 * 4 * 1_024);
    }

    #[test]
    fn a_restart_does_not_change_the_earlier_recordings() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mix.flac");
        let mut before = Vec::new();
        for name in ["mix.flac", "mix-2.flac", "mix-3.flac"] {
            let engine = Engine::builder().open(Output::File { path: path.clone(), buffer_frames: None }).unwrap();
            until("it plays", || engine.health().unwrap().blocks > 8);
            let recordings = engine.health().unwrap().recordings;
            assert_eq!(recordings[0].path, folder.path().join(name));
            engine.close().unwrap();
            before.push((name, std::fs::read(folder.path().join(name)).unwrap()));
            for (name, bytes) in &before {
                assert_eq!(&std::fs::read(folder.path().join(name)).unwrap(), bytes, "{name}");
            }
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_split_without_a_recording_is_refused() {
        let split = Duration::from_secs(60);
        let error = Engine::builder().record_split(split).open(Output::Null { buffer_frames: None }).err().unwrap();
        assert!(
            error.to_string().contains("record_split") && error.to_string().contains("nothing is recorded"),
            "{error}"
        );
    }

    #[test]
    fn an_unwritable_path_is_an_error_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("nowhere/mix.wav"), folder.path().to_owned()] {
            let output = Output::File { path: path.clone(), buffer_frames: None };
            let error = Engine::builder().open(output).err().unwrap().to_string();
            assert!(error.contains("no sound from file:") && error.contains(path.to_str().unwrap()), "{error}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
