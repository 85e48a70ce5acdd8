//! Bells and glass.

use super::stroke::Stroke;
use crate::synth::kernels::partials::PARTIALS;
use crate::synth::voices::burst::BurstSpec;
use crate::synth::voices::phase_mod::{Pair, PhaseModSpec};
use crate::synth::voices::struck::StruckSpec;

/// Partials of a bell as (ratio, amplitude, time constant in seconds): hum, prime, tierce, quint, nominal and above, in pairs that
/// beat (T. Rossing, "The Physics of Musical Instruments", 1998).
const BELL: [(f32, f32, f32); 10] = [
    (0.5, 0.35, 2.6),
    (1.0, 0.8, 1.9),
    (1.2, 0.35, 1.4),
    (1.5, 0.18, 1.0),
    (2.0, 0.7, 1.1),
    (2.51, 0.14, 0.5),
    (2.66, 0.16, 0.45),
    (3.01, 0.22, 0.4),
    (4.17, 0.16, 0.25),
    (5.43, 0.1, 0.15),
];

/// A bell.
pub fn bells(stroke: &Stroke) -> StruckSpec {
    let mut spec = StruckSpec::SILENT;
    for n in 0..PARTIALS.min(2 * BELL.len()) {
        let (ratio, level, tau) = BELL[n / 2];
        spec.ratios[n] = ratio * if n % 2 == 0 { 1.0 } else { 1.000_7 };
        spec.levels[n] = 0.5 * level * (0.5 + 0.5 * stroke.velocity * ratio.min(1.5));
        spec.taus[n] = tau * stroke.lower(0.4).min(2.0);
    }
    spec.weights = [[1.0, 0.6, 0.7, 1.0, 1.0, 0.7, 0.6, 1.0], [0.6, 1.0, 1.0, 0.7, 0.7, 1.0, 1.0, 0.6]];
    spec.attack = 0.002;
    spec.burst =
        BurstSpec { low: 1_500.0, high: 6_000.0, tau: 0.006, level: 0.05 * stroke.velocity, ..BurstSpec::default() };
    spec
}

/// A glass that is touched.
pub fn glass(stroke: &Stroke) -> PhaseModSpec {
    let longer = stroke.lower(0.3);
    let pair = |ratio, amplitude| Pair {
        ratio,
        modulator: 3.5 * ratio,
        index: (0.5 + 0.7 * stroke.velocity) * stroke.lower(0.4).min(1.3),
        index_tau: 0.5,
        amplitude,
        tau: 1.8 * longer,
    };
    PhaseModSpec {
        pairs: [pair(1.0, 0.5), pair(1.001_2, 0.5), Pair { tau: 0.9, index: 0.3, ..pair(2.0, 0.1) }, Pair::default()],
        attack: 0.012,
        release: 0.8,
        ..PhaseModSpec::default()
    }
}
