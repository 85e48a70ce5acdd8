//! The stretch worker: the samples are the same with and without it, and the audio thread has less to do.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::time::{Duration, Instant};

use common::{Noise, noise_track};
use crowd_engine::{Bpm, DeckId, Engine, Frames, LoopRegion, Renderer, StretchMethod, When};

const DECKS: [DeckId; 4] = [DeckId::A, DeckId::B, DeckId::C, DeckId::D];

/// Plays four decks and sends them commands of all kinds at random moments.
fn perform(engine: &mut Engine) {
    let mut noise = Noise(7);
    engine.mix().tempo(Bpm::new(127.0).unwrap()).unwrap();
    for (seed, deck) in DECKS.into_iter().enumerate() {
        let track = noise_track(200_000, seed as u64);
        engine.deck(deck).stretch(StretchMethod::Hq).unwrap().load(&track).unwrap().play().unwrap();
    }
    let region = LoopRegion::new(Frames(30_000), Frames(41_234)).unwrap();
    engine.deck(DeckId::B).loop_(Some(region)).unwrap();
    for _ in 0..40 {
        let when = When::At(Frames(noise.below(220_000)));
        let deck = DECKS[noise.below(4) as usize];
        match noise.below(5) {
            0 => _ = engine.deck(deck).at(when).seek(Frames(noise.below(100_000))).unwrap(),
            1 => _ = engine.deck(deck).at(when).stretch(StretchMethod::Wsola).unwrap(),
            2 => _ = engine.deck(deck).at(when).stretch(StretchMethod::Hq).unwrap(),
            3 => _ = engine.deck(deck).at(when).play().unwrap(),
            _ => {
                let tempo = 110.0 + noise.below(30) as f64;
                engine.send(crowd_engine::Command::Tempo { bpm: Bpm::new(tempo).unwrap() }, when).unwrap();
            }
        }
    }
}

fn with_worker() -> (Engine, Renderer) {
    Engine::builder().stretch_worker(true).split().unwrap()
}

fn without_worker(frames: usize) -> Vec<f32> {
    let mut offline = Engine::builder().offline().unwrap();
    perform(offline.engine());
    offline.render_frames(frames)
}

#[test]
fn the_samples_are_the_same_with_and_without_the_worker() {
    let (mut engine, mut renderer) = with_worker();
    perform(&mut engine);
    let mut sound = vec![0.0; 2 * 250_000];
    let mut noise = Noise(3);
    let mut rest = &mut sound[..];
    while !rest.is_empty() {
        // Blocks of all sizes; sometimes the worker has enough time, sometimes too little.
        let block = rest.len().min(2 * (1 + noise.below(700) as usize));
        let (now, later) = std::mem::take(&mut rest).split_at_mut(block);
        renderer.render(now);
        rest = later;
        if noise.below(3) == 0 {
            std::thread::sleep(Duration::from_micros(noise.below(4_000)));
        }
    }
    let late = engine.status().stretch_jobs_late;
    assert!(late > 0, "no job was late, so late jobs were not tested");
    let without = without_worker(250_000);
    let first = sound.iter().zip(&without).position(|(with, without)| with.to_bits() != without.to_bits());
    assert_eq!(first, None, "sample {:?}", first);
}

#[test]
fn with_enough_time_the_worker_does_every_job() {
    let (mut engine, mut renderer) = with_worker();
    engine.mix().tempo(Bpm::new(127.0).unwrap()).unwrap();
    engine.deck(DeckId::A).stretch(StretchMethod::Hq).unwrap().load(&noise_track(200_000, 1)).unwrap().play().unwrap();
    let mut block = [0.0; 512];
    (0..100).for_each(|_| _ = renderer.render(&mut block));
    assert!(engine.status().stretch_jobs_late > 0, "without pauses some jobs must be late");
    // On any machine two seconds of music without a late job come at some time.
    let begun = Instant::now();
    let (mut late, mut in_time) = (0, 0);
    while in_time < 2 * 44_100 / 256 {
        renderer.render(&mut block);
        engine.deck(DeckId::A).loop_(LoopRegion::new(Frames(0), Frames(150_000)).ok()).unwrap();
        std::thread::sleep(Duration::from_millis(5));
        let now = engine.status().stretch_jobs_late;
        in_time = if now == late { in_time + 1 } else { 0 };
        late = now;
        assert!(begun.elapsed() < Duration::from_secs(120), "{late} jobs were late");
    }
}

#[test]
fn when_the_engine_is_dropped_the_renderer_plays_on() {
    let (mut engine, mut renderer) = with_worker();
    perform(&mut engine);
    let mut sound = vec![0.0; 2 * 100_000];
    let (before, after) = sound.split_at_mut(40_000);
    renderer.render(before);
    drop(engine);
    after.chunks_mut(512).for_each(|block| _ = renderer.render(block));
    assert_eq!(sound, without_worker(100_000));
}
