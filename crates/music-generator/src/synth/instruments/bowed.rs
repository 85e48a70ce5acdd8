//! Bowed strings, solo: a saw, the body, the bow.

use super::pads::cents;
use super::stroke::Stroke;
use crate::synth::kernels::envelope::Shape;
use crate::synth::kernels::math::exp2;
use crate::synth::kernels::saw::Wave;
use crate::synth::voices::sustained::{Breath, LowPass, Resonance, SustainedSpec, Vibrato};

/// A solo string with these resonances of the body.
fn bowed(stroke: &Stroke, cutoff: f32, formants: [Resonance; 4], vibrato: Vibrato) -> SustainedSpec {
    let attack = (0.22 - 0.14 * stroke.velocity).min(0.4 * stroke.seconds).max(0.03);
    SustainedSpec {
        wave: Wave::Saw,
        ratios: cents([0.0, 1.5, -1.5, 0.0, 0.0, 0.0, 0.0, 0.0]),
        weights: [[0.6, 0.3, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0], [0.6, 0.1, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0]],
        phases: [0.0, 0.03, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0],
        envelope: Shape { attack, decay: 1.2, sustain: 0.9, release: 0.09 },
        low_pass: LowPass {
            hertz: cutoff * exp2(1.2 * (stroke.velocity - 0.6)),
            track: 0.3,
            octaves: 0.0,
            tau: 1.0,
            q: 0.7,
            lfo: (0.2, 0.08),
        },
        formants,
        vibrato,
        breath: Breath { level: 0.012, chiff: 0.05, tau: 0.06, ratio: 5.0 },
        swell: if stroke.seconds > 1.5 { (0.3, stroke.seconds * 0.6) } else { (0.0, 1.0) },
        ..SustainedSpec::default()
    }
}

const fn resonance(hertz: f32, width: f32, level: f32) -> Resonance {
    Resonance { hertz, width, level }
}

/// A cello.
pub fn cello(stroke: &Stroke) -> SustainedSpec {
    let body = [
        resonance(180.0, 220.0, 0.9),
        resonance(420.0, 300.0, 0.7),
        resonance(800.0, 500.0, 0.6),
        resonance(2_000.0, 1_500.0, 0.35),
    ];
    bowed(stroke, 2_000.0, body, Vibrato { hertz: 5.2, cents: 9.0, after: 0.25 })
}

/// A violin.
pub fn violin(stroke: &Stroke) -> SustainedSpec {
    let body = [
        resonance(290.0, 200.0, 0.6),
        resonance(500.0, 350.0, 0.8),
        resonance(1_100.0, 700.0, 0.7),
        resonance(2_600.0, 1_800.0, 0.5),
    ];
    bowed(stroke, 3_400.0, body, Vibrato { hertz: 5.6, cents: 11.0, after: 0.25 })
}
