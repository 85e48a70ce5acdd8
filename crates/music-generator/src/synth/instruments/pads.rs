//! Pads and string ensembles: many saws, slightly apart.

use super::stroke::Stroke;
use crate::synth::kernels::envelope::Shape;
use crate::synth::kernels::math::exp2;
use crate::synth::kernels::saw::Wave;
use crate::synth::voices::sustained::{Breath, LowPass, SustainedSpec, Vibrato};

/// Multiples for deviations in cents.
pub(super) fn cents(values: [f32; 8]) -> [f32; 8] {
    values.map(|c| exp2(c / 1_200.0))
}

/// The first four oscillators mostly left, the others mostly right.
pub(super) const WIDE: [[f32; 8]; 2] = {
    const NEAR: f32 = 0.3;
    const FAR: f32 = 0.06;
    [[NEAR, NEAR, NEAR, NEAR, FAR, FAR, FAR, FAR], [FAR, FAR, FAR, FAR, NEAR, NEAR, NEAR, NEAR]]
};

/// Phases a little apart: a start at random phases would cost up to 11 dB of the fundamental.
pub(super) const CLOSE: [f32; 8] = [0.0, 0.03, 0.06, 0.08, 0.02, 0.05, 0.07, 0.01];

/// A warm pad.
pub fn pad(stroke: &Stroke) -> SustainedSpec {
    let velocity = stroke.velocity;
    let quick = (stroke.seconds * 0.4).clamp(0.15, 1.0);
    SustainedSpec {
        wave: Wave::Saw,
        ratios: cents([-14.0, -4.0, 4.0, 9.0, 14.0, 4.5, -3.5, -9.0]),
        weights: WIDE,
        phases: CLOSE,
        envelope: Shape { attack: 0.7 * quick, decay: 2.0, sustain: 0.85, release: 0.45 },
        low_pass: LowPass {
            hertz: 950.0 * exp2(1.2 * (velocity - 0.6)),
            track: 0.45,
            octaves: 0.0,
            tau: 1.0,
            q: 0.75,
            lfo: (0.09, 0.3),
        },
        breath: Breath { level: 0.006, chiff: 0.01, tau: 0.5, ratio: 9.0 },
        ..SustainedSpec::default()
    }
}

/// A string ensemble: as many players as oscillators, bows.
pub fn strings(stroke: &Stroke) -> SustainedSpec {
    let velocity = stroke.velocity;
    let attack = (0.42 - 0.25 * velocity).min(stroke.seconds * 0.4).max(0.05);
    SustainedSpec {
        wave: Wave::Saw,
        ratios: cents([-9.0, -3.0, 2.0, 7.0, 9.0, 4.0, -2.5, -6.0]),
        weights: WIDE,
        phases: [0.0, 0.1, 0.2, 0.13, 0.05, 0.17, 0.23, 0.09],
        envelope: Shape { attack, decay: 1.0, sustain: 0.9, release: 0.16 },
        low_pass: LowPass {
            hertz: 2_800.0 * exp2(1.2 * (velocity - 0.6)),
            track: 0.4,
            octaves: 0.0,
            tau: 1.0,
            q: 0.7,
            lfo: (0.11, 0.12),
        },
        vibrato: Vibrato { hertz: 5.2, cents: 7.0, after: 0.3 },
        breath: Breath { level: 0.025, chiff: 0.05, tau: 0.08, ratio: 13.0 },
        swell: if stroke.seconds > 2.0 { (0.25, stroke.seconds * 0.6) } else { (0.0, 1.0) },
        ..SustainedSpec::default()
    }
}
