//! Tanpura: a string whose bridge feeds a band of partials that sinks.

use super::stroke::{Stroke, number};
use crate::synth::kernels::partials::PARTIALS;
use crate::synth::voices::struck::{Formant, StruckSpec};

/// One string. Partial k has the level (0.25 k^-0.7 + 1.4 g k^-0.35) e^(-t (1 + 0.02 k) / 3.2) (1 - e^(-t / (0.004 + 0.012 k))); g is a
/// formant that moves from 3,000 down to 650 Hz.
pub fn tanpura(stroke: &Stroke) -> StruckSpec {
    let mut spec = StruckSpec::SILENT;
    for n in 0..PARTIALS {
        let k = number(n + 1);
        spec.ratios[n] = k * (1.0 + 3e-5 * k * k).sqrt();
        spec.levels[n] = 0.25 * libm::powf(k, -0.7);
        spec.moving[n] = 1.4 * libm::powf(k, -0.35);
        spec.taus[n] = 3.2 / (1.0 + 0.02 * k);
        spec.rises[n] = 0.004 + 0.012 * k;
    }
    // Strings are apart from each other: the octave decides.
    let side = if libm::fmodf(libm::roundf(stroke.pitch), 2.0) == 0.0 { 0.35 } else { -0.35 };
    spec.weights = [[1.0 - side; 8], [1.0 + side; 8]];
    spec.formant = Some(Formant { low: 650.0, high: 3_000.0, tau: 1.6, width: 0.8 });
    spec
}
