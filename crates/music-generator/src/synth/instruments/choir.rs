//! Choir.

use super::pads::{CLOSE, WIDE, cents};
use super::stroke::Stroke;
use crate::synth::kernels::envelope::Shape;
use crate::synth::kernels::saw::Wave;
use crate::synth::voices::sustained::{Breath, LowPass, Resonance, SustainedSpec, Vibrato};

/// Voices that sing "ah": saws through the resonances of the throat.
pub fn choir(stroke: &Stroke) -> SustainedSpec {
    let resonance = |hertz, width, level| Resonance { hertz, width, level };
    // Above the first resonance, singers raise it to the pitch.
    let first = stroke.hertz.clamp(600.0, 1_200.0);
    SustainedSpec {
        wave: Wave::Saw,
        ratios: cents([-10.0, -4.0, 3.0, 8.0, 10.0, 5.0, -3.0, -7.0]),
        weights: WIDE,
        phases: CLOSE,
        envelope: Shape { attack: (0.3 * stroke.seconds).clamp(0.2, 0.9), decay: 2.0, sustain: 0.9, release: 0.3 },
        low_pass: LowPass { hertz: 2_600.0, track: 0.1, octaves: 0.0, tau: 1.0, q: 0.7, lfo: (0.13, 0.1) },
        formants: [
            resonance(first, 180.0, 1.2),
            resonance(1_040.0_f32.max(first * 1.5), 160.0, 0.6),
            resonance(2_250.0, 200.0, 0.2),
            resonance(310.0, 260.0, 0.8),
        ],
        vibrato: Vibrato { hertz: 5.0, cents: 9.0, after: 0.4 },
        breath: Breath { level: 0.01, chiff: 0.02, tau: 0.2, ratio: 3.0 },
        ..SustainedSpec::default()
    }
}
