//! Drums: kick, snare, rim, clap, brush, bongo, taiko.

use super::stroke::{Kit, Sound, Stroke};
use crate::synth::voices::burst::BurstSpec;
use crate::synth::voices::drum::{DrumSpec, Tone};
use crate::synth::voices::struck::{StruckSpec, Sweep};

/// A sine that falls to its pitch within some tens of milliseconds. The pitch is within two semitones of 49 Hz, which reaches the tonic,
/// the fifth or the fourth of every key.
pub fn kick(stroke: &Stroke) -> DrumSpec {
    let hard = 0.7 + 0.4 * stroke.velocity;
    let (natural, sweep, sweep_tau, tau, click, drive) = match stroke.kit {
        Kit::Lofi => (49.0, 110.0, 0.018, 0.11, 0.05, 1.6),
        Kit::Dry => (49.0, 75.0, 0.012, 0.055, 0.03, 1.2),
        Kit::House => (49.0, 160.0, 0.025, 0.16, 0.25, 1.5),
    };
    DrumSpec {
        tones: [
            Tone { end: stroke.near(natural, 2.0), sweep: sweep * hard, sweep_tau, level: 1.0, tau },
            Tone::default(),
        ],
        bursts: [
            BurstSpec {
                low: 1_200.0,
                high: 4_000.0,
                tau: 0.003,
                level: click * stroke.velocity,
                ..BurstSpec::default()
            },
            BurstSpec::default(),
        ],
        drive,
        attack: 0.001,
        ..DrumSpec::default()
    }
}

/// Two modes of the head and the wires.
pub fn snare(stroke: &Stroke) -> DrumSpec {
    let v = stroke.velocity;
    let tone = |end, level, tau| Tone { end, sweep: 0.35 * end, sweep_tau: 0.012, level, tau };
    let wires =
        |low, high, tau, level| BurstSpec { low, high: high * (0.55 + 0.6 * v), tau, level, ..BurstSpec::default() };
    let (tones, bursts) = match stroke.kit {
        Kit::Lofi => (
            [tone(185.0, 0.55, 0.045), tone(331.0, 0.25, 0.03)],
            [
                wires(900.0, 5_200.0, 0.075, 0.22),
                BurstSpec { low: 400.0, high: 2_500.0, tau: 0.012, level: 0.2 * v, ..BurstSpec::default() },
            ],
        ),
        Kit::Dry => (
            [tone(178.0, 0.4, 0.04), tone(318.0, 0.18, 0.025)],
            [wires(700.0, 3_000.0, 0.045, 0.25), BurstSpec::default()],
        ),
        Kit::House => (
            [tone(196.0, 0.5, 0.05), tone(349.0, 0.25, 0.035)],
            [wires(1_200.0, 8_000.0, 0.09, 0.25), BurstSpec::default()],
        ),
    };
    DrumSpec { tones, bursts, drive: 1.3, attack: 0.0008, ..DrumSpec::default() }
}

/// The stick on the rim: two short modes and a click.
pub fn rim(stroke: &Stroke) -> DrumSpec {
    let tone = |end, level| Tone { end, sweep: 0.0, sweep_tau: 0.01, level, tau: 0.008 };
    DrumSpec {
        tones: [tone(1_700.0, 0.5), tone(2_600.0, 0.45)],
        bursts: [
            BurstSpec {
                low: 2_500.0,
                high: 9_000.0,
                tau: 0.006,
                level: 0.35 * stroke.velocity,
                ..BurstSpec::default()
            },
            BurstSpec { low: 250.0, high: 700.0, tau: 0.02, level: 0.06, ..BurstSpec::default() },
        ],
        ..DrumSpec::default()
    }
}

/// Several hands: three short bursts, then a longer one.
pub fn clap(stroke: &Stroke) -> DrumSpec {
    let tau = if stroke.kit == Kit::House { 0.09 } else { 0.055 };
    let burst =
        BurstSpec { low: 1_000.0, high: 3_200.0, tau, level: 0.4, repeats: 3, gap: 0.01, ..BurstSpec::default() };
    let air = BurstSpec { low: 3_000.0, high: 8_000.0, level: 0.08, tau: 0.5 * tau, ..burst };
    DrumSpec { bursts: [burst, air], ..DrumSpec::default() }
}

/// Wire brushes on the head: a sweep and a tap.
pub fn brush(stroke: &Stroke) -> DrumSpec {
    DrumSpec {
        bursts: [
            BurstSpec { low: 1_200.0, high: 7_000.0, attack: 0.022, tau: 0.07, level: 0.3, ..BurstSpec::default() },
            BurstSpec {
                low: 300.0,
                high: 2_000.0,
                attack: 0.001,
                tau: 0.02,
                level: 0.16 * stroke.velocity,
                ..BurstSpec::default()
            },
        ],
        ..DrumSpec::default()
    }
}

/// Modes of a head as (ratio, amplitude, time constant in seconds).
fn head(modes: &[(f32, f32, f32)]) -> StruckSpec {
    let mut spec = StruckSpec::SILENT;
    for (n, (ratio, level, tau)) in modes.iter().enumerate().take(spec.ratios.len()) {
        spec.ratios[n] = *ratio;
        spec.levels[n] = *level;
        spec.taus[n] = *tau;
    }
    spec
}

/// A bongo: the pitch is that of the head, near 330 Hz.
pub fn bongo(stroke: &Stroke) -> Sound {
    let spec = StruckSpec {
        sweep: Sweep { semitones: 1.5, rise: 0.001, fall: 0.03 },
        burst: BurstSpec {
            low: 900.0,
            high: 4_500.0,
            tau: 0.005,
            level: 0.4 * stroke.velocity,
            ..BurstSpec::default()
        },
        ..head(&[(1.0, 1.0, 0.085), (1.59, 0.45, 0.05), (2.14, 0.3, 0.035), (2.65, 0.15, 0.03), (3.5, 0.1, 0.02)])
    };
    Sound::Struck(spec, stroke.near(330.0, 6.0))
}

/// A large drum: the pitch is that of the head, near 68 Hz.
pub fn taiko(stroke: &Stroke) -> Sound {
    let v = stroke.velocity;
    let spec = StruckSpec {
        sweep: Sweep { semitones: 2.5 * v, rise: 0.001, fall: 0.06 },
        drive: 1.2,
        burst: BurstSpec {
            low: 150.0,
            high: 600.0 + 2_200.0 * v,
            attack: 0.001,
            tau: 0.03,
            level: 0.35,
            ..BurstSpec::default()
        },
        ..head(&[
            (1.0, 1.0, 0.42),
            (1.59, 0.5, 0.3),
            (2.14, 0.35, 0.2),
            (2.3, 0.2, 0.18),
            (2.65, 0.25 * v, 0.12),
            (2.92, 0.2 * v, 0.1),
            (4.1, 0.15 * v, 0.05),
        ])
    };
    Sound::Struck(spec, stroke.near(68.0, 4.0))
}
