//! Music for the tests: chords whose lengths are no multiples of anything.
#![allow(dead_code, clippy::unwrap_used, missing_docs)]

pub mod decoded;
pub mod publisher;
pub mod station;

use std::path::{Path, PathBuf};

use crowd_media::{Audio, SampleFormat, Samples, wav};

pub const RATE: u32 = 48_000;

/// Chords that decay, in stereo, at full level for the loudness to be measured. `key` makes pieces different.
pub fn chords(frames: usize, key: usize) -> Vec<[f32; 2]> {
    let tone = |frame: usize, hertz: f64| (frame as f64 * hertz / f64::from(RATE) * std::f64::consts::TAU).sin();
    let shift = 2f64.powf(key as f64 / 12.0);
    (0..frames)
        .map(|frame| {
            let root = shift * [220.0, 261.63, 196.0, 293.66][frame / 24_000 % 4];
            let envelope = 0.2 + (-((frame % 24_000) as f64) / 12_000.0).exp();
            let left = tone(frame, root) + 0.5 * tone(frame, 2.52 * root);
            let right = tone(frame, 1.5 * root) + 0.3 * tone(frame, 3.0 * root);
            [left, right].map(|value| (0.15 * envelope * value) as f32)
        })
        .collect()
}

/// Writes a WAV file of 24 bits.
pub fn write(folder: &Path, name: &str, sound: &[[f32; 2]]) -> PathBuf {
    let path = folder.join(name);
    let audio = Audio::new(Samples::F32(sound.as_flattened().to_vec()), RATE, 2).unwrap();
    wav::write(&path, &audio, SampleFormat::I24).unwrap();
    path
}
