//! Hats, ride, shaker, crash, riser.

use super::stroke::{Kit, Sound, Stroke};
use crate::synth::kernels::envelope::Shape;
use crate::synth::voices::burst::BurstSpec;
use crate::synth::voices::drum::{DrumSpec, Metal};
use crate::synth::voices::sustained::{Breath, SustainedSpec};
use crate::types::note::Glide;

fn cymbal(low: f32, high: f32, tau: f32, level: f32, metal: Metal) -> DrumSpec {
    let burst = BurstSpec { low, high, steep: true, attack: 0.0005, tau, level, ..BurstSpec::default() };
    DrumSpec { bursts: [burst, BurstSpec::default()], metal, ..DrumSpec::default() }
}

/// A closed hat.
pub fn hat_closed(stroke: &Stroke) -> DrumSpec {
    let v = stroke.velocity;
    let (low, metal) = if stroke.kit == Kit::House { (6_500.0, 0.2) } else { (5_200.0, 0.12) };
    let tau = 0.028 + 0.016 * v;
    let level = if stroke.kit == Kit::House { 0.14 } else { 0.25 };
    cymbal(low, 8_500.0 + 5_000.0 * v, tau, level, Metal { level: metal, low: 7_000.0, tau: 0.8 * tau })
}

/// An open hat.
pub fn hat_open(stroke: &Stroke) -> DrumSpec {
    let (metal, level) = if stroke.kit == Kit::House { (0.2, 0.12) } else { (0.15, 0.25) };
    let tau = if stroke.kit == Kit::House { 0.16 } else { 0.2 };
    cymbal(6_000.0, 11_500.0 + 3_000.0 * stroke.velocity, tau, level, Metal { level: metal, low: 7_000.0, tau })
}

/// A ride: mostly metal, with a stick.
pub fn ride(stroke: &Stroke) -> DrumSpec {
    let mut spec = cymbal(5_500.0, 12_000.0, 0.19, 0.16, Metal { level: 0.3, low: 5_500.0, tau: 0.25 });
    spec.bursts[1] =
        BurstSpec { low: 2_500.0, high: 7_000.0, tau: 0.008, level: 0.16 * stroke.velocity, ..BurstSpec::default() };
    spec
}

/// Grains in a box.
pub fn shaker(stroke: &Stroke) -> DrumSpec {
    let attack = 0.026 - 0.012 * stroke.velocity;
    let burst =
        BurstSpec { low: 6_000.0, high: 11_500.0, steep: true, attack, tau: 0.016, level: 0.3, ..BurstSpec::default() };
    DrumSpec { bursts: [burst, BurstSpec::default()], ..DrumSpec::default() }
}

/// A crash cymbal.
pub fn crash(stroke: &Stroke) -> DrumSpec {
    let mut spec = cymbal(3_500.0, 11_000.0, 0.7, 0.2, Metal { level: 0.2, low: 5_000.0, tau: 0.9 });
    spec.bursts[1] = BurstSpec {
        low: 1_200.0,
        high: 6_000.0,
        attack: 0.002,
        tau: 0.14,
        level: 0.2 * stroke.velocity,
        ..BurstSpec::default()
    };
    spec
}

/// Noise that rises in pitch and level for as long as the note is held.
pub fn riser(stroke: &Stroke) -> Sound {
    let seconds = stroke.seconds.clamp(0.2, 30.0);
    let spec = SustainedSpec {
        ratios: [1.0; 8],
        envelope: Shape { attack: seconds, decay: 1.0, sustain: 1.0, release: 0.08 },
        // The pitch of the note moves the end of the sweep: middle C is 6 kHz.
        breath: Breath { level: 0.3, chiff: 0.3, tau: 1.0, ratio: 6_000.0 / 261.63 },
        ..SustainedSpec::default()
    };
    Sound::Sustained(spec, Some(Glide { from: -48.0, after_ms: 0.0, over_ms: 1_000.0 * seconds }))
}
