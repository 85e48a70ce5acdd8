//! Electric piano: a tine and its bar.

use super::stroke::Stroke;
use crate::synth::voices::Tremolo;
use crate::synth::voices::burst::BurstSpec;
use crate::synth::voices::phase_mod::{Pair, PhaseModSpec};

/// A bar at the pitch that brightens with velocity, its octave, and the short ring of the tine at 14 times the pitch.
pub fn electric_piano(stroke: &Stroke) -> PhaseModSpec {
    let velocity = stroke.velocity;
    let longer = stroke.lower(0.35);
    let tine = 0.12 * libm::powf(stroke.lower(1.0), 0.5).min(1.5) * (0.4 + velocity);
    PhaseModSpec {
        pairs: [
            Pair {
                ratio: 1.0,
                modulator: 1.0,
                index: (0.35 + 0.95 * velocity) * stroke.lower(0.3).min(1.5),
                index_tau: 1.1 * longer,
                amplitude: 0.7,
                tau: 1.5 * longer,
            },
            Pair { ratio: 2.0, modulator: 1.0, index: 0.0, index_tau: 1.0, amplitude: 0.12, tau: 1.1 * longer },
            Pair { ratio: 1.0, modulator: 14.0, index: 0.9 * velocity, index_tau: 0.08, amplitude: tine, tau: 0.5 },
            Pair::default(),
        ],
        attack: 0.003,
        release: 0.09,
        tremolo: Tremolo { hertz: 4.7, depth: 0.22, spread: 0.5 },
        drive: 1.3,
        burst: BurstSpec { low: 100.0, high: 900.0, tau: 0.012, level: 0.03 * velocity, ..BurstSpec::default() },
    }
}
