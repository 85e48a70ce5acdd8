//! Winds: flute, bansuri, shakuhachi, horn, brass.

use super::pads::cents;
use super::stroke::{Stroke, levels};
use crate::synth::kernels::envelope::Shape;
use crate::synth::kernels::math::exp2;
use crate::synth::kernels::saw::Wave;
use crate::synth::voices::sustained::{Breath, LowPass, SustainedSpec, Vibrato};

/// Harmonics 1 to 8 from levels in decibels.
fn harmonics(decibels: [f32; 8], stroke: &Stroke) -> SustainedSpec {
    let harder = 5.0 * (stroke.velocity - 0.65);
    let mut weights = levels(decibels);
    for (n, weight) in weights.iter_mut().enumerate() {
        *weight *= exp2(harder * super::stroke::number(n) * 0.166 * 0.5);
    }
    SustainedSpec {
        wave: Wave::Sine,
        ratios: std::array::from_fn(|n| super::stroke::number(n + 1)),
        weights: [weights; 2],
        ..SustainedSpec::default()
    }
}

/// A concert flute.
pub fn flute(stroke: &Stroke) -> SustainedSpec {
    SustainedSpec {
        envelope: Shape { attack: 0.14 - 0.06 * stroke.velocity, decay: 0.8, sustain: 0.9, release: 0.05 },
        vibrato: Vibrato { hertz: 5.1, cents: 9.0, after: 0.35 },
        breath: Breath { level: 0.03, chiff: 0.11, tau: 0.05, ratio: 2.2 },
        ..harmonics([0.0, -14.0, -6.0, -32.0, -25.0, -38.0, -44.0, -60.0], stroke)
    }
}

/// A bamboo flute of India.
pub fn bansuri(stroke: &Stroke) -> SustainedSpec {
    SustainedSpec {
        envelope: Shape { attack: 0.12 - 0.04 * stroke.velocity, decay: 0.8, sustain: 0.9, release: 0.06 },
        vibrato: Vibrato { hertz: 5.0, cents: 13.0, after: 0.4 },
        breath: Breath { level: 0.035, chiff: 0.14, tau: 0.04, ratio: 2.3 },
        ..harmonics([0.0, -10.0, -14.0, -26.0, -31.0, -38.0, -46.0, -60.0], stroke)
    }
}

/// A bamboo flute of Japan: more breath than tone at the start.
pub fn shakuhachi(stroke: &Stroke) -> SustainedSpec {
    SustainedSpec {
        envelope: Shape { attack: 0.09, decay: 0.9, sustain: 0.85, release: 0.09 },
        vibrato: Vibrato { hertz: 4.6, cents: 20.0, after: 0.6 },
        breath: Breath { level: 0.07, chiff: 0.3, tau: 0.07, ratio: 1.9 },
        ..harmonics([0.0, -24.0, -23.0, -24.0, -34.0, -40.0, -60.0, -60.0], stroke)
    }
}

/// A horn: the second and third harmonic lead.
pub fn horn(stroke: &Stroke) -> SustainedSpec {
    SustainedSpec {
        envelope: Shape {
            attack: (0.22 - 0.12 * stroke.velocity).min(0.4 * stroke.seconds),
            decay: 1.5,
            sustain: 0.9,
            release: 0.1,
        },
        vibrato: Vibrato { hertz: 4.8, cents: 3.0, after: 0.6 },
        breath: Breath { level: 0.004, chiff: 0.02, tau: 0.05, ratio: 4.0 },
        swell: if stroke.seconds > 2.0 { (0.35, stroke.seconds * 0.65) } else { (0.0, 1.0) },
        ..harmonics([-6.0, 0.0, -1.0, -15.0, -18.0, -24.0, -28.0, -34.0], stroke)
    }
}

/// A brass section: the spectrum opens with the attack.
pub fn brass(stroke: &Stroke) -> SustainedSpec {
    SustainedSpec {
        wave: Wave::Saw,
        ratios: cents([-6.0, -1.5, 2.0, 5.0, 6.0, 2.5, -2.0, -5.0]),
        weights: super::pads::WIDE,
        phases: super::pads::CLOSE,
        envelope: Shape { attack: 0.07 - 0.03 * stroke.velocity, decay: 0.9, sustain: 0.8, release: 0.07 },
        low_pass: LowPass {
            hertz: 1_400.0 * exp2(1.6 * (stroke.velocity - 0.6)),
            track: 0.4,
            octaves: 0.5,
            tau: 0.25,
            q: 0.9,
            lfo: (0.0, 0.0),
        },
        vibrato: Vibrato { hertz: 5.0, cents: 5.0, after: 0.5 },
        breath: Breath { level: 0.004, chiff: 0.02, tau: 0.04, ratio: 5.0 },
        swell: if stroke.seconds > 1.5 { (0.4, stroke.seconds * 0.7) } else { (0.0, 1.0) },
        ..SustainedSpec::default()
    }
}
