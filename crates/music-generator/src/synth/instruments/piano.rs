//! Pianos: felt and grand.

use super::stroke::{Stroke, levels, number};
use crate::synth::kernels::math::gain;
use crate::synth::kernels::partials::PARTIALS;
use crate::synth::voices::burst::BurstSpec;
use crate::synth::voices::struck::StruckSpec;

/// Partials 1 to 8 at middle C and at C2, relative to the first, in decibels.
const MIDDLE: [f32; 8] = [0.0, -7.0, -19.0, -15.0, -24.0, -22.0, -21.0, -23.0];
const LOW: [f32; 8] = [0.0, -6.0, -14.0, -12.0, -12.0, -22.0, -17.0, -23.0];

/// Felt between hammer and string: 0.6 dB less for each partial, shorter, with the sound of the mechanism.
pub fn felt(stroke: &Stroke) -> StruckSpec {
    piano(stroke, -1.0, 0.8, 0.016)
}

/// A grand piano.
pub fn grand(stroke: &Stroke) -> StruckSpec {
    piano(stroke, 0.0, 1.0, 0.008)
}

/// Partials 1 to 8 as pairs, 0.8 cents apart, that start in phase: one decays fast (the string against the bridge), one slowly
/// (G. Weinreich, "Coupled piano strings", JASA 62, 1977). Then partials 9 to 16, and the brightness of the first 30 ms.
fn piano(stroke: &Stroke, tilt: f32, onset: f32, thump: f32) -> StruckSpec {
    let mut spec = StruckSpec::SILENT;
    let longer = stroke.lower(0.5).clamp(0.3, 2.2);
    // Stiffness grows towards the treble.
    let stiffness = 4e-4 * stroke.lower(-0.6).clamp(0.4, 4.0);
    let stretched = |k: f32| k * (1.0 + stiffness * k * k).sqrt();
    let low = ((60.0 - stroke.pitch) / 24.0).clamp(0.0, 1.0);
    let harder = 3.5 * (stroke.velocity - 0.6) + tilt;
    let cents = 1.000_231;
    for n in 0..PARTIALS {
        let (k, share, tau) = match n {
            0..16 => (number(n / 2 + 1), if n % 2 == 0 { 0.7 } else { 0.3 }, if n % 2 == 0 { 0.45 } else { 1.3 }),
            16..24 => (number(n - 7), 1.0, 0.45),
            _ => (number(2 * n - 40), onset, 0.03),
        };
        let table = if n < 16 { MIDDLE[n / 2] + low * (LOW[n / 2] - MIDDLE[n / 2]) } else { -18.0 - 1.0 * (k - 8.0) };
        let tilted = table + harder * (k - 1.0).min(12.0) * if n < 24 { 0.6 } else { 0.3 };
        spec.levels[n] = share * gain(tilted);
        spec.taus[n] = if n < 24 { tau * longer / (1.0 + 0.15 * (k - 1.0)) } else { tau };
        spec.ratios[n] = stretched(k) * if n % 2 == 0 { 1.0 } else { cents };
    }
    let wide = levels([0.0, -6.0, -2.0, -5.0, 0.0, -5.0, -3.0, -6.0]);
    let mirrored = levels([-6.0, 0.0, -5.0, -2.0, -5.0, 0.0, -6.0, -3.0]);
    spec.weights = [wide, mirrored];
    spec.attack = 0.003 + 0.004 * (1.0 - stroke.velocity);
    // No dampers above F6.
    spec.release = if stroke.pitch > 89.0 { 0.0 } else { 0.09 };
    spec.burst = BurstSpec {
        low: 60.0,
        high: 450.0,
        attack: 0.002,
        tau: 0.025,
        level: thump * 4.0 * (0.4 + 0.6 * stroke.velocity),
        ..BurstSpec::default()
    };
    spec
}
