//! No sample close to a subnormal number enters the engine, and decaying signals end in zeros.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::ops::ControlFlow;

use common::{Noise, offline};
use crowd_engine::chunk::{ChunkGrid, ChunkProcessor, Chunked};
use crowd_engine::dsp::silence::SILENT;
use crowd_engine::feed::{Input, InputError, InputInfo};
use crowd_engine::{Band, Bpm, DeckId, Engine, Frames, Gain, SampleRate, StretchMethod, Track};

const FRAMES: usize = 66_150;

/// A processor that changes nothing.
#[derive(Clone)]
struct Bypass;

impl ChunkProcessor for Bypass {
    fn process(&mut self, _first: Frames, _block: &mut [[f32; 2]]) {}

    fn latency(&self) -> Frames {
        Frames::ZERO
    }

    fn memory(&self) -> Frames {
        Frames::ZERO
    }
}

/// Stereo noise at a level for each frame.
fn noise(level: impl Fn(usize) -> f64) -> Vec<[f32; 2]> {
    let mut noise = Noise(3);
    (0..FRAMES).map(|n| [(); 2].map(|()| (f64::from(noise.sample()) * level(n)) as f32)).collect()
}

/// In each half second the level falls by 900 dB, through all subnormal numbers to zero.
fn tails() -> Vec<[f32; 2]> {
    noise(|n| 0.5 * 10f64.powf(-45.0 * (n % 22_050) as f64 / 22_050.0))
}

fn loaded(frames: &[[f32; 2]]) -> Track {
    Track::from_interleaved(frames.as_flattened().to_vec(), SampleRate::CD, 2).unwrap()
}

/// An input in memory.
struct MemoryInput {
    frames: Vec<[f32; 2]>,
    at: usize,
}

impl Input for MemoryInput {
    fn seek(&mut self, frame: u64) -> Result<(), InputError> {
        self.at = frame as usize;
        Ok(())
    }

    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        let until = (self.at + 1_000).min(self.frames.len());
        frames.extend_from_slice(&self.frames[self.at..until]);
        self.at = until;
        Ok(until < self.frames.len())
    }

    fn another(&self) -> Option<Box<dyn Input>> {
        Some(Box::new(Self { frames: self.frames.clone(), at: 0 }))
    }
}

fn info(frames: &[[f32; 2]]) -> InputInfo {
    InputInfo { frames: Frames(frames.len() as u64), sample_rate: SampleRate::CD, channels: 2 }
}

fn streamed(frames: &[[f32; 2]]) -> Track {
    Track::from_input(MemoryInput { frames: frames.to_vec(), at: 0 }, info(frames)).unwrap()
}

/// Two passes of a looped track at 118/120 of its speed, with equaliser and fader active.
fn played(track: &Track, method: StretchMethod) -> Vec<f32> {
    let mut offline = Engine::builder().stretch(method).offline().unwrap();
    let gain = |gain| Gain::new(gain).unwrap();
    let engine = offline.engine();
    engine.mix().tempo(Bpm::new(118.0).unwrap()).unwrap();
    let deck = engine.deck(DeckId::A).load(track).unwrap().loop_(track.whole_loop().ok()).unwrap();
    deck.eq(Band::Low, gain(0.3))
        .unwrap()
        .eq(Band::High, gain(1e-5))
        .unwrap()
        .fader(gain(0.7))
        .unwrap()
        .play()
        .unwrap();
    offline.render_frames(2 * FRAMES)
}

fn subnormal(samples: &[f32]) -> usize {
    samples.iter().filter(|sample| sample.is_subnormal()).count()
}

#[test]
fn samples_close_to_zero_become_zero_in_every_input() {
    for level in [0.99 * f64::from(SILENT), 1e-30, 1e-38, 1e-44] {
        let faint = noise(|_| level);
        for method in StretchMethod::ALL {
            for track in [loaded(&faint), streamed(&faint)] {
                assert!(played(&track, *method).iter().all(|sample| *sample == 0.0), "{method} at {level}");
            }
        }
        let grid = ChunkGrid::new(Frames(FRAMES as u64), Frames(8_192)).unwrap();
        let mut chunks = Chunked::new(Bypass, MemoryInput { frames: faint.clone(), at: 0 }, grid, Frames::ZERO);
        for chunk in 0..8 {
            let zero = |block: &[[f32; 2]]| block.iter().all(|frame| *frame == [0.0; 2]);
            let take =
                |block: &[[f32; 2]]| if zero(block) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
            assert!(chunks.make(chunk, take).unwrap().complete, "a chunk at {level}");
        }
    }
}

#[test]
fn samples_over_the_threshold_of_silence_are_kept_bit_for_bit() {
    let quiet = noise(|_| 1e-10).into_iter().map(|frame| frame.map(|x| if x.abs() < SILENT { 0.0 } else { x }));
    let quiet: Vec<[f32; 2]> = quiet.collect();
    let mut offline = offline();
    let track = loaded(&quiet);
    common::play(offline.engine(), DeckId::A, &track);
    assert!(offline.render_frames(FRAMES) == quiet.as_flattened());
}

#[test]
fn a_decaying_sound_leaves_no_subnormal_numbers_with_any_method() {
    let tails = tails();
    for method in StretchMethod::ALL {
        for track in [loaded(&tails), streamed(&tails)] {
            let out = played(&track, *method);
            assert!(out.iter().any(|sample| sample.abs() > 0.05));
            assert_eq!(subnormal(&out), 0, "{method}");
        }
    }
}

#[test]
fn after_sound_every_method_and_filter_decays_to_exactly_zero() {
    let burst = noise(|n| if n < 10_000 { 0.5 } else { 0.0 });
    for method in StretchMethod::ALL {
        let out = played(&loaded(&burst), *method);
        let silent = &out[2 * 25_000..2 * 60_000];
        let last = silent.iter().rposition(|sample| *sample != 0.0);
        assert_eq!((last, subnormal(&out)), (None, 0), "{method}");
    }
}
