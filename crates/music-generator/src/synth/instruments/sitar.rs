//! Sitar: a plucked string over a curved bridge, so that the buzz comes after the stroke, and strings that resonate.

use super::stroke::{Stroke, number};
use crate::synth::kernels::math::sine;
use crate::synth::kernels::partials::PARTIALS;
use crate::synth::voices::burst::BurstSpec;
use crate::synth::voices::struck::{Formant, StruckSpec};

/// Multiples of the pitch of strings that resonate, and their level.
const SYMPATHETIC: [(f32, f32); 4] = [(0.5, 0.03), (1.002, 0.05), (1.5, 0.03), (2.003, 0.04)];

/// A string plucked at a tenth of its length.
pub fn sitar(stroke: &Stroke) -> StruckSpec {
    let mut spec = StruckSpec::SILENT;
    let longer = stroke.lower(0.3).clamp(0.5, 1.6);
    let strings = PARTIALS - SYMPATHETIC.len();
    for n in 0..strings {
        let k = number(n + 1);
        spec.ratios[n] = k * (1.0 + 4e-5 * k * k).sqrt();
        // sin(0.1 pi k): the place of the stroke.
        let place = sine(0.05 * k).abs();
        spec.levels[n] = 0.8 * place * libm::powf(k, -0.9) * (0.6 + 0.5 * stroke.velocity);
        spec.moving[n] = 0.9 * place.max(0.15) * libm::powf(k, -0.35);
        spec.taus[n] = 0.4 * longer / (1.0 + 0.012 * k);
        spec.rises[n] = 0.001 + 0.003 * k;
    }
    for (n, (ratio, level)) in SYMPATHETIC.into_iter().enumerate() {
        spec.ratios[strings + n] = ratio;
        spec.levels[strings + n] = level;
        spec.taus[strings + n] = 1.6;
        spec.rises[strings + n] = 0.15;
    }
    spec.formant = Some(Formant { low: 1_500.0, high: 3_600.0, tau: 0.9, width: 0.5 });
    spec.release = 0.35;
    spec.burst =
        BurstSpec { low: 1_500.0, high: 7_000.0, tau: 0.004, level: 0.12 * stroke.velocity, ..BurstSpec::default() };
    spec
}
