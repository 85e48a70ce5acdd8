//! Bars and tongues: vibraphone, celesta, music box, kalimba.

use super::stroke::Stroke;
use crate::synth::voices::Tremolo;
use crate::synth::voices::burst::BurstSpec;
use crate::synth::voices::struck::StruckSpec;

/// Partials as (ratio, amplitude, time constant in seconds).
fn bars(partials: &[(f32, f32, f32)], longer: f32) -> StruckSpec {
    let mut spec = StruckSpec::SILENT;
    for (n, (ratio, level, tau)) in partials.iter().enumerate() {
        if let (Some(r), Some(l), Some(t)) = (spec.ratios.get_mut(n), spec.levels.get_mut(n), spec.taus.get_mut(n)) {
            (*r, *l, *t) = (*ratio, *level, *tau * longer);
        }
    }
    spec
}

/// Aluminium bars tuned to 1:4:10, soft mallets, rotating discs.
pub fn vibraphone(stroke: &Stroke) -> StruckSpec {
    let v = stroke.velocity;
    StruckSpec {
        attack: 0.004,
        release: 0.12,
        tremolo: Tremolo { hertz: 5.0, depth: 0.3, spread: 0.08 },
        burst: BurstSpec { low: 200.0, high: 1_400.0, tau: 0.008, level: 0.03 * v, ..BurstSpec::default() },
        ..bars(&[(1.0, 1.0, 0.5), (4.0, 0.035 + 0.09 * v, 0.22), (10.1, 0.07 * v, 0.03)], stroke.lower(0.4).min(2.0))
    }
}

/// Steel plates, felt hammers, wooden boxes.
pub fn celesta(stroke: &Stroke) -> StruckSpec {
    let v = stroke.velocity;
    StruckSpec {
        attack: 0.002,
        release: 0.2,
        burst: BurstSpec { low: 500.0, high: 3_000.0, tau: 0.006, level: 0.03 * v, ..BurstSpec::default() },
        ..bars(&[(1.0, 1.0, 0.34), (3.98, 0.3 * v, 0.05), (2.0, 0.02, 0.2), (9.2, 0.1 * v, 0.02)], stroke.lower(0.35))
    }
}

/// Steel tongues of a comb.
pub fn music_box(stroke: &Stroke) -> StruckSpec {
    StruckSpec {
        attack: 0.002,
        burst: BurstSpec {
            low: 2_000.0,
            high: 7_000.0,
            tau: 0.004,
            level: 0.03 * stroke.velocity,
            ..BurstSpec::default()
        },
        ..bars(&[(1.0, 1.0, 0.3), (4.07, 0.28, 0.24), (6.3, 0.06, 0.06), (11.2, 0.04, 0.03)], stroke.lower(0.3))
    }
}

/// Short tongues on a box.
pub fn kalimba(stroke: &Stroke) -> StruckSpec {
    let v = stroke.velocity;
    StruckSpec {
        attack: 0.001,
        burst: BurstSpec { low: 150.0, high: 1_500.0, tau: 0.01, level: 0.12 * v, ..BurstSpec::default() },
        ..bars(&[(1.0, 1.0, 0.13), (5.4, 0.12 * v, 0.025), (2.0, 0.05, 0.06), (1.002, 0.25, 0.35)], stroke.lower(0.3))
    }
}
