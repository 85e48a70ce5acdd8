//! Generated music in decks: loaded by a prompt, steered, with its beats on those of the clock.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use audio_server::app::{FileAccess, Generators, MemoryBudget, decoder};
use common::*;
use crossbeam_channel::unbounded;
use crowd_engine::SampleRate;
use crowd_engine::tempo::MovementConfig;
use crowd_library::MediaRoot;
use rosc::OscType;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn rig() -> Rig {
    let (memory, generators) = (MemoryBudget::new(1 << 30), Generators::default());
    let decode = decoder(SampleRate::CD, 1 << 28, memory.clone(), generators.clone());
    let files = FileAccess { memory, generators, ..FileAccess::new(MediaRoot::unrestricted(), decode) };
    Rig::with_files(files, unbounded().0, MovementConfig::default(), |_| {})
}

fn load(rig: &mut Rig, id: i32, path: &str) {
    let ended = |rig: &Rig| rig.replies_to("/loaded").len() + rig.replies_to("/error").len();
    let before = ended(rig);
    rig.send("/load_buffer", &[i(id), s(path)]);
    let started = Instant::now();
    while ended(rig) == before {
        assert!(started.elapsed() < Duration::from_secs(60), "{path} is not loaded");
        rig.tick();
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn rms(sound: &[f32]) -> f32 {
    (sound.iter().map(|x| x * x).sum::<f32>() / sound.len() as f32).sqrt()
}

/// Runs until this number of frames has sounded. Blocks for which the generator was too late, on a busy machine, are silent and left out.
fn sounding(rig: &mut Rig, frames: usize) -> Vec<f32> {
    let (mut sound, started) = (Vec::new(), Instant::now());
    while sound.len() < frames {
        assert!(started.elapsed() < Duration::from_secs(60), "the generator is not heard");
        let from = rig.sound.len();
        rig.run(1);
        let block = rig.sound.get(from..).unwrap_or_default();
        if block.iter().all(|sample| *sample == 0.0) {
            std::thread::sleep(Duration::from_millis(1));
        } else {
            sound.extend_from_slice(block);
        }
    }
    sound
}

fn last_error(rig: &Rig) -> String {
    let error = rig.replies_to("/error").last().cloned().expect("there is an error");
    error.args.iter().filter_map(|arg| arg.clone().string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_prompt_is_loaded_in_place_of_a_file_played_and_steered() {
    let mut rig = rig();
    load(&mut rig, 100, "gen:lofi hip hop, warm?seed=7");
    let loaded = rig.replies_to("/loaded").last().cloned().unwrap();
    assert_eq!(loaded.args[2], OscType::Float(-1.0), "its length is not known");
    rig.send("/play_stem", &[i(100), f(1.0), f(1.0)]);
    let before = rms(&sounding(&mut rig, 12 * RATE as usize)[10 * RATE as usize..]);
    assert!(before > 0.005, "{before}");
    let muted_from = rig.sound.len();
    for stem in ["mute_drums", "mute_bass", "mute_harmony", "mute_lead", "mute_texture"] {
        rig.send("/gen/config", &[i(100), s(stem), f(1.0)]);
    }
    rig.run_to(muted_from as f64 / RATE as f64 + 8.0);
    let muted = rms(&rig.sound[muted_from + 6 * RATE as usize..]);
    assert!(muted < before / 30.0, "{muted} after {before}");
    assert!(rig.replies_to("/error").is_empty());
    // Words that are not known are answered, the others are used.
    rig.send("/gen/prompt", &[i(100), s("xqzzyk rain"), f(1.0), s("slow"), f(0.5)]);
    rig.tick();
    let answer = rig.replies_to("/gen/not_understood").last().cloned().unwrap();
    assert!(answer.args[1].clone().string().unwrap().contains("xqzzyk"), "{answer:?}");
}

#[test]
fn bad_messages_to_generators_are_refused_with_the_way_out() {
    let mut rig = rig();
    rig.send("/gen/prompt", &[i(100), s("rain")]);
    rig.tick();
    assert!(last_error(&rig).contains("load one with /load_buffer"), "{}", last_error(&rig));
    load(&mut rig, 100, "GEN:rain?seed=x7");
    assert!(last_error(&rig).contains("\"x7\" is not a whole number"), "{}", last_error(&rig));
    load(&mut rig, 100, "gen:rain?seed=7");
    for (args, words) in [
        (vec![i(100), s("loudness"), f(1.0)], "not density, brightness, temperature or mute_STEM"),
        (vec![i(100), s("density"), f(f32::NAN)], "only finite numbers"),
        (vec![i(100), s("density"), f(7.0)], "outside -1 to 1"),
    ] {
        rig.send("/gen/config", &args);
        rig.tick();
        assert!(last_error(&rig).contains(words), "{}", last_error(&rig));
    }
    for (args, words) in [
        (vec![i(100), s("rain"), f(0.0)], "is 0"),
        (vec![i(100), s("rain"), f(-1.0)], "outside 0 to 100"),
        (vec![i(100), f(1.0)], "prompt"),
    ] {
        rig.send("/gen/prompt", &args);
        rig.tick();
        assert!(last_error(&rig).contains(words), "{}", last_error(&rig));
    }
    rig.send("/play_stem", &[i(100), f(1.0), f(1.0)]);
    // It begins as soon as the generator has made the first frames.
    let started = Instant::now();
    while rig.sound.iter().all(|sample| *sample == 0.0) {
        assert!(started.elapsed() < Duration::from_secs(60), "the generator is not heard");
        rig.run(1);
        std::thread::sleep(Duration::from_millis(1));
    }
    for (address, args) in [("/deck/seek", vec![s("a"), f(1.0)]), ("/deck/loop", vec![s("a"), f(1.0), f(2.0)])] {
        rig.send(address, &args);
        rig.tick();
        assert!(last_error(&rig).contains("in which no position can be chosen"), "{address}: {}", last_error(&rig));
    }
    // Generators take time of the processor, so their number is limited.
    for id in 101..120 {
        load(&mut rig, id, "gen:rain?seed=7");
    }
    assert!(last_error(&rig).contains("8 generators are loaded already"), "{}", last_error(&rig));
}

/// The strength of low sounds within a fiftieth of a second of beats that are `late` beats after those of the clock.
fn on_beats(sound: &[f32], bpm: f64, from: f64, until: f64, late: f64) -> f32 {
    // A one-pole low-pass at 120 Hz lets the kick through.
    let mut low = 0.0;
    let filtered: Vec<f32> = sound
        .iter()
        .map(|x| {
            low += (x - low) * (std::f32::consts::TAU * 120.0 / RATE as f32);
            low * low
        })
        .collect();
    let beat = 60.0 / bpm;
    let (first, last) = ((from / beat).ceil() as i64, (until / beat).floor() as i64 - 1);
    let window = (0.02 * RATE as f64) as usize;
    let at = |n: i64| ((n as f64 + late) * beat * RATE as f64) as usize;
    (first..last).map(|n| filtered[at(n)..at(n) + window].iter().sum::<f32>()).sum()
}

#[test]
fn the_beats_of_generated_music_are_on_those_of_the_clock() {
    let mut rig = rig();
    rig.send("/set_tempo", &[f(126.0)]);
    load(&mut rig, 100, "gen:minimal techno?seed=3");
    // It is started away from a beat on purpose.
    rig.run_to(0.71);
    rig.send("/play_stem", &[i(100), f(1.0), f(1.0)]);
    // A generator that is late lets the position wait, so it is given time on a busy machine.
    for second in 1..=60 {
        rig.run_to(f64::from(second));
        std::thread::sleep(Duration::from_millis(100));
    }
    let best = (0..20).map(|late| f64::from(late) / 20.0).max_by(|a, b| {
        on_beats(&rig.sound, 126.0, 30.0, 60.0, *a).total_cmp(&on_beats(&rig.sound, 126.0, 30.0, 60.0, *b))
    });
    // A kick is strongest some hundredths of a second after it begins: up to a tenth of a beat.
    assert!(best.is_some_and(|late| late <= 0.1 || late >= 0.95), "the beats are {best:?} of a beat late");
}

#[test]
fn a_generator_that_cannot_be_steered_by_path_tricks_is_no_file() {
    let (memory, generators) = (MemoryBudget::new(1 << 30), Generators::default());
    let decode = decoder(SampleRate::CD, 1 << 28, memory, generators);
    // The prompt is never opened as a file, whatever it looks like.
    assert!(decode(Path::new("gen:../../etc/passwd"), &Arc::default()).is_ok());
}
