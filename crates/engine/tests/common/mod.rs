//! Signals and helpers that the tests share.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, missing_docs)]

pub mod disk;
pub mod live;
pub mod player;
pub mod spectrum;

use crowd_engine::{DeckId, Engine, Offline, SampleRate, Track};

/// A small generator of repeatable noise (splitmix64).
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// From -1 to 1.
    pub fn sample(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

pub fn noise_track(frames: usize, seed: u64) -> Track {
    let mut noise = Noise(seed);
    let samples: Vec<f32> = (0..2 * frames).map(|_| 0.5 * noise.sample()).collect();
    Track::from_interleaved(samples, SampleRate::CD, 2).unwrap()
}

pub fn sine_track(hertz: f64, amplitude: f64, frames: usize) -> Track {
    let turn = std::f64::consts::TAU * hertz / 44_100.0;
    let samples: Vec<f32> = (0..frames).map(|n| (amplitude * (turn * n as f64).sin()) as f32).collect();
    Track::from_interleaved(samples, SampleRate::CD, 1).unwrap()
}

pub fn constant_track(value: f32, frames: usize) -> Track {
    Track::from_interleaved(vec![value; frames], SampleRate::CD, 1).unwrap()
}

pub fn offline() -> Offline {
    Engine::builder().offline().unwrap()
}

pub fn play(engine: &mut Engine, deck: DeckId, track: &Track) {
    engine.deck(deck).load(track).unwrap().play().unwrap();
}

pub fn left(stereo: &[f32]) -> Vec<f32> {
    stereo.iter().copied().step_by(2).collect()
}

pub fn largest_step(samples: &[f32]) -> f32 {
    samples.windows(2).fold(0.0, |most, pair| most.max((pair[1] - pair[0]).abs()))
}
