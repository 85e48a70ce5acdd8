//! Organ.

use super::stroke::Stroke;
use crate::synth::kernels::envelope::Shape;
use crate::synth::kernels::saw::Wave;
use crate::synth::voices::Tremolo;
use crate::synth::voices::sustained::{Breath, LowPass, SustainedSpec};

/// Nine drawbars less the highest: 16', 5 1/3', 8', 4', 2 2/3', 2', 1 3/5', 1 1/3', with the first three loud, and a slow rotor.
pub fn organ(stroke: &Stroke) -> SustainedSpec {
    let high = 0.5 + 0.5 * stroke.velocity;
    let bars = [0.45, 0.4, 0.5, 0.2 * high, 0.1 * high, 0.12 * high, 0.04 * high, 0.03 * high];
    SustainedSpec {
        wave: Wave::Sine,
        ratios: [0.5, 1.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        weights: [bars; 2],
        envelope: Shape { attack: 0.008, decay: 1.0, sustain: 0.95, release: 0.02 },
        low_pass: LowPass { hertz: 3_000.0, track: 0.2, octaves: 0.0, tau: 1.0, q: 0.7, lfo: (0.0, 0.0) },
        breath: Breath { level: 0.002, chiff: 0.06, tau: 0.008, ratio: 6.0 },
        tremolo: Tremolo { hertz: 1.1, depth: 0.25, spread: 0.4 },
        drive: 1.2,
        ..SustainedSpec::default()
    }
}
