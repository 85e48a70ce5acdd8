//! Tabla: the right drum (dayan), whose modes are nearly harmonic (C. V. Raman, "The Indian musical drums", 1934), and the left drum
//! (bayan), whose pitch the palm moves.

use super::stroke::{Sound, Stroke};
use crate::synth::voices::burst::BurstSpec;
use crate::synth::voices::struck::{StruckSpec, Sweep};
use crate::types::instrument::Instrument;

/// Ratios of the five modes of the dayan to half of Sa.
const DAYAN: [f32; 5] = [1.04, 2.0, 3.01, 4.01, 5.04];
/// Ratios of the bayan.
const BAYAN: [f32; 3] = [1.0, 2.0, 2.95];

fn modes<const N: usize>(ratios: [f32; N], levels: [f32; N], taus: [f32; N]) -> StruckSpec {
    let mut spec = StruckSpec::SILENT;
    spec.ratios[..N].copy_from_slice(&ratios);
    spec.levels[..N].copy_from_slice(&levels);
    spec.taus[..N].copy_from_slice(&taus);
    spec.attack = 0.0008;
    spec
}

fn noise(low: f32, high: f32, tau: f32, level: f32) -> BurstSpec {
    BurstSpec { low, high, tau, level, ..BurstSpec::default() }
}

/// A stroke. The pitch is Sa.
pub fn stroke(instrument: Instrument, stroke: &Stroke) -> Sound {
    let v = stroke.velocity;
    let half_sa = 0.5 * stroke.near(261.63, 7.0);
    let bayan = stroke.near(82.0, 3.0);
    match instrument {
        Instrument::TablaNa => {
            let mut spec = modes(DAYAN, [0.05, 0.5, 1.0, 0.5, 0.35], [0.05, 0.22, 0.26, 0.16, 0.12]);
            spec.burst = noise(1_500.0, 7_000.0, 0.004, 0.5 * v);
            Sound::Struck(spec, half_sa)
        }
        Instrument::TablaTin => {
            let mut spec = modes(DAYAN, [0.12, 1.0, 0.5, 0.22, 0.12], [0.08, 0.42, 0.22, 0.14, 0.1]);
            spec.burst = noise(1_500.0, 6_000.0, 0.004, 0.25 * v);
            Sound::Struck(spec, half_sa)
        }
        Instrument::TablaTun => {
            let mut spec = modes(DAYAN, [1.0, 0.35, 0.12, 0.06, 0.03], [0.5, 0.2, 0.12, 0.08, 0.06]);
            spec.burst = noise(800.0, 3_000.0, 0.004, 0.1 * v);
            Sound::Struck(spec, 2.0 * half_sa / DAYAN[0] * 1.01)
        }
        Instrument::TablaTe => {
            let mut spec = modes(DAYAN, [0.3, 0.1, 0.0, 0.0, 0.0], [0.02; 5]);
            spec.burst = noise(400.0, 2_500.0, 0.04, 0.45);
            Sound::Struck(spec, half_sa)
        }
        Instrument::TablaGe => {
            let mut spec = modes(BAYAN, [1.0, 0.3, 0.12], [0.33, 0.16, 0.09]);
            spec.sweep = Sweep { semitones: 7.0 + 3.0 * v, rise: 0.06, fall: 0.3 };
            spec.burst = noise(200.0, 1_200.0, 0.008, 0.1 * v);
            spec.drive = 1.2;
            Sound::Struck(spec, bayan)
        }
        _ => {
            let mut spec = modes(BAYAN, [0.15, 0.05, 0.0], [0.02; 3]);
            spec.burst = noise(150.0, 900.0, 0.02, 0.4);
            Sound::Struck(spec, bayan)
        }
    }
}
