//! Sounds, and runs over them.

use crowd_engine::Frames;
use crowd_engine::chunk::ChunkProcessor;
use crowd_mastering::{CompressorSettings, MasteringSettings};

use super::Noise;

/// Settings that use every stage.
pub fn punchy() -> MasteringSettings {
    MasteringSettings {
        dc_block: true,
        eq_db: [1.8, 0.5, -0.7, 1.5, 0.8],
        width: [0.5, 0.9, 1.0, 1.2, 1.4],
        compressor: CompressorSettings {
            ratio: 2.5,
            threshold_db: -18.0,
            attack_ms: 5.0,
            release_ms: 100.0,
            blend: 0.65,
            side_chain_hz: 150.0,
        },
        make_up_db: 4.0,
        limiter_release_ms: 80.0,
        ..MasteringSettings::default()
    }
}

/// A frame of a full-scale tone at the sample rate `hertz`; `phase` is in periods.
pub fn tone(hz: f64, phase: f64, hertz: f64, frame: usize) -> [f32; 2] {
    [(std::f64::consts::TAU * (hz * frame as f64 / hertz + phase)).sin() as f32; 2]
}

/// Sound similar to music: a bass, a chord that moves in the stereo image, hits twice a second, a swell over seven
/// seconds.
pub fn music(frames: usize, hertz: u32, seed: u64) -> Vec<[f32; 2]> {
    let mut noise = Noise(seed);
    let hertz = f64::from(hertz);
    (0..frames)
        .map(|n| {
            let seconds = n as f64 / hertz;
            let sine = |hz: f64| (std::f64::consts::TAU * hz * seconds).sin();
            let hit = (-(seconds % 0.5) * 30.0).exp();
            let swell = 0.6 + 0.4 * sine(1.0 / 7.0);
            let pan = sine(0.3);
            let [bass, chord] = [0.3 * sine(55.0), 0.15 * (sine(440.0) + sine(554.4) + sine(659.3))];
            [1.0 + pan, 1.0 - pan].map(|side| {
                let sides = chord * side + 0.45 * hit * f64::from(noise.sample());
                ((bass + sides) * swell).clamp(-1.0, 1.0) as f32
            })
        })
        .collect()
}

/// One run over a whole track, without its latency.
pub fn whole_run<P: ChunkProcessor>(processor: &P, input: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let mut run = processor.clone();
    let latency = run.latency().0 as usize;
    let mut sound = input.to_vec();
    sound.resize(input.len() + latency, [0.0; 2]);
    run.process(Frames(0), &mut sound);
    sound.drain(..latency);
    run.finish(Frames(0), &mut sound);
    sound
}

/// The largest difference of two sounds, in decibels of full scale.
pub fn apart_db(a: &[[f32; 2]], b: &[[f32; 2]]) -> f64 {
    assert_eq!(a.len(), b.len());
    let pairs = a.as_flattened().iter().zip(b.as_flattened());
    20.0 * pairs.fold(0.0, |most, (a, b)| f64::max(most, (f64::from(*a) - f64::from(*b)).abs())).log10()
}
