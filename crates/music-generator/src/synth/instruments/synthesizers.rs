//! Synthesizers: stab, lead, arpeggio.

use super::pads::{CLOSE, WIDE, cents};
use super::stroke::Stroke;
use crate::synth::kernels::envelope::Shape;
use crate::synth::kernels::saw::Wave;
use crate::synth::voices::sustained::{LowPass, SustainedSpec, Vibrato};

/// A short chord of saws whose filter closes.
pub fn stab(stroke: &Stroke) -> SustainedSpec {
    SustainedSpec {
        wave: Wave::Saw,
        ratios: cents([-9.0, -3.0, 3.0, 8.0, 9.0, 4.0, -4.0, -7.0]),
        weights: WIDE,
        phases: CLOSE,
        envelope: Shape { attack: 0.003, decay: 0.16, sustain: 0.12, release: 0.06 },
        low_pass: LowPass {
            hertz: 700.0,
            track: 0.4,
            octaves: 1.0 + 1.4 * stroke.velocity,
            tau: 0.11,
            q: 1.0,
            lfo: (0.0, 0.0),
        },
        ..SustainedSpec::default()
    }
}

/// Odd harmonics of a triangle with a fifth of a square: soft.
pub fn lead(stroke: &Stroke) -> SustainedSpec {
    let ratios: [f32; 8] = std::array::from_fn(|n| super::stroke::number(2 * n + 1));
    let weights = std::array::from_fn(|n| {
        let k = ratios[n];
        let sign = if n % 2 == 0 { 1.0 } else { -1.0 };
        sign * 0.81 / (k * k) + 0.2 * 1.27 / k
    });
    SustainedSpec {
        wave: Wave::Sine,
        ratios,
        weights: [weights; 2],
        envelope: Shape { attack: 0.012, decay: 0.6, sustain: 0.75, release: 0.07 },
        low_pass: LowPass {
            hertz: 2_300.0,
            track: 0.4,
            octaves: 0.5 * stroke.velocity,
            tau: 0.2,
            q: 0.8,
            lfo: (0.0, 0.0),
        },
        vibrato: Vibrato { hertz: 5.0, cents: 8.0, after: 0.3 },
        ..SustainedSpec::default()
    }
}

/// A short pluck of two saws.
pub fn arpeggio(stroke: &Stroke) -> SustainedSpec {
    let weights = [0.4, 0.25, 0.0, 0.0, 0.0, 0.2, 0.0, 0.0];
    let mirrored = [0.4, 0.0, 0.0, 0.0, 0.0, 0.2, 0.25, 0.0];
    SustainedSpec {
        wave: Wave::Saw,
        ratios: [1.0, 1.003, 1.0, 1.0, 1.0, 2.0, 0.997, 1.0],
        weights: [weights, mirrored],
        phases: CLOSE,
        envelope: Shape { attack: 0.002, decay: 0.14, sustain: 0.08, release: 0.08 },
        low_pass: LowPass {
            hertz: 950.0,
            track: 0.5,
            octaves: 0.8 + 1.5 * stroke.velocity,
            tau: 0.08,
            q: 1.1,
            lfo: (0.0, 0.0),
        },
        ..SustainedSpec::default()
    }
}
