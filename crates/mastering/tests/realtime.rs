//! The chain can run on an audio thread: it does not allocate while it runs, and does not compute with numbers close to
//! subnormal.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use common::{Noise, sounds};
use crowd_engine::chunk::ChunkProcessor;
use crowd_engine::dsp::silence::SILENT;
use crowd_engine::{Frames, SampleRate};
use crowd_mastering::{Mastering, MasteringSettings};

#[global_allocator]
static GUARD: AllocDisabler = AllocDisabler;

/// Stereo noise with a level for each frame.
fn noise(level: impl Fn(usize) -> f64) -> Vec<[f32; 2]> {
    let mut noise = Noise(3);
    (0..66_150).map(|n| [(); 2].map(|()| (f64::from(noise.sample()) * level(n)) as f32)).collect()
}

/// Fades in each half second from full level by 900 dB, through all subnormal numbers to zero.
fn tails() -> Vec<[f32; 2]> {
    noise(|n| 0.5 * 10f64.powf(-45.0 * (n % 22_050) as f64 / 22_050.0))
}

#[test]
fn sound_close_to_silence_is_silence() {
    for level in [0.99 * f64::from(SILENT), 1e-30, 1e-38, 1e-44] {
        let mut chain = Mastering::new(&MasteringSettings::default(), SampleRate::CD).unwrap();
        let mut block = noise(|_| level);
        chain.process(Frames::ZERO, &mut block);
        assert!(block.as_flattened().iter().all(|sample| *sample == 0.0), "at {level}");
    }
}

#[test]
fn a_mastering_chain_makes_no_subnormal_numbers_and_decays_to_zero() {
    let settings = MasteringSettings {
        eq_db: [3.0, -2.0, 1.0, -3.0, 2.0],
        width: [0.5, 1.2, 1.0, 1.3, 1.5],
        mix: 0.7,
        ..MasteringSettings::default()
    };
    for sound in [tails(), noise(|n| if n < 10_000 { 0.5 } else { 0.0 })] {
        let mut chain = Mastering::new(&settings, SampleRate::CD).unwrap();
        let mut block = sound;
        block.resize(block.len() + chain.memory().0 as usize + 4_096, [0.0; 2]);
        chain.process(Frames::ZERO, &mut block);
        assert_eq!(block.as_flattened().iter().filter(|sample| sample.is_subnormal()).count(), 0);
        assert_eq!(block[block.len() - 1_000..], [[0.0; 2]; 1_000]);
    }
}

#[test]
fn a_mastering_chain_does_not_allocate_while_it_runs() {
    let settings = MasteringSettings { dither_bits: Some(16), make_up_db: 12.0, ..sounds::punchy() };
    let mut chain = Mastering::new(&settings, SampleRate::CD).unwrap();
    let mut sound = sounds::music(100_000, 44_100, 1);
    assert_no_alloc(|| {
        for (n, block) in sound.chunks_mut(777).enumerate() {
            chain.process(Frames(777 * n as u64), block);
            chain.finish(Frames(777 * n as u64), block);
        }
    });
    assert!(sound.as_flattened().iter().any(|v| v.abs() > 0.8), "nothing was limited");
}
