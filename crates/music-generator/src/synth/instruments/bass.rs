//! Basses.

use super::stroke::{Stroke, levels, number};
use crate::synth::kernels::envelope::Shape;
use crate::synth::kernels::math::gain;
use crate::synth::kernels::partials::PARTIALS;
use crate::synth::kernels::saw::Wave;
use crate::synth::voices::burst::BurstSpec;
use crate::synth::voices::struck::StruckSpec;
use crate::synth::voices::sustained::{LowPass, SustainedSpec};

/// An upright bass, plucked: few partials, the finger on the string.
pub fn upright(stroke: &Stroke) -> StruckSpec {
    let table = levels([0.0, -9.0, -18.0, -19.0, -26.0]);
    let mut spec = StruckSpec::SILENT;
    for n in 0..PARTIALS {
        let k = number(n + 1);
        let level = table.get(n).copied().unwrap_or_else(|| gain(-26.0 - 4.0 * (k - 5.0)));
        spec.levels[n] = if n < 12 { level * gain(4.0 * (stroke.velocity - 0.7) * libm::log2f(k)) } else { 0.0 };
        spec.taus[n] = 0.62 * libm::powf(65.4 / stroke.hertz.clamp(25.0, 400.0), 0.3) / (1.0 + 0.22 * (k - 1.0));
        spec.ratios[n] = k * (1.0 + 2e-5 * k * k).sqrt();
    }
    spec.attack = 0.014 - 0.006 * stroke.velocity;
    spec.release = 0.06;
    spec.drive = 1.25;
    spec.burst =
        BurstSpec { low: 700.0, high: 2_500.0, attack: 0.001, tau: 0.015, level: 0.05, ..BurstSpec::default() };
    spec
}

fn first<const N: usize>(values: [f32; N]) -> [f32; 8] {
    std::array::from_fn(|n| values.get(n).copied().unwrap_or(0.0))
}

/// A sine with a little of its octave.
pub fn sub(_: &Stroke) -> SustainedSpec {
    let weights = first([1.0, 0.08, 0.02]);
    SustainedSpec {
        wave: Wave::Sine,
        ratios: [1.0, 2.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        weights: [weights; 2],
        envelope: Shape { attack: 0.01, decay: 1.2, sustain: 0.75, release: 0.03 },
        ..SustainedSpec::default()
    }
}

/// The long decay of a drum machine's bass drum, driven.
pub fn bass_808(stroke: &Stroke) -> SustainedSpec {
    let weights = first([1.0, 0.05, 0.03]);
    SustainedSpec {
        wave: Wave::Sine,
        ratios: [1.0, 2.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        weights: [weights; 2],
        envelope: Shape { attack: 0.006, decay: 0.9, sustain: 0.0, release: 0.04 },
        drive: 1.4 + stroke.velocity,
        ..SustainedSpec::default()
    }
}

/// Two saws through a low-pass that closes.
pub fn synth(stroke: &Stroke) -> SustainedSpec {
    let weights = first([0.5, 0.45, 0.0]);
    SustainedSpec {
        wave: Wave::Saw,
        ratios: [1.0, 1.004, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        weights: [weights; 2],
        phases: [0.0, 0.08, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        envelope: Shape { attack: 0.004, decay: 0.3, sustain: 0.65, release: 0.02 },
        low_pass: LowPass {
            hertz: 330.0,
            track: 0.3,
            octaves: 0.8 + 1.2 * stroke.velocity,
            tau: 0.1,
            q: 0.9,
            lfo: (0.0, 0.0),
        },
        drive: 1.2,
        ..SustainedSpec::default()
    }
}
