//! Plucked strings: guitar, harp, koto, pizzicato; and the santoor, which is struck.
//!
//! A plucked string is linear: it is the sum of its partials, with the levels that follow from the place where it is plucked and
//! decays that shorten with frequency (Jaffe & Smith, "Extensions of the Karplus-Strong plucked-string algorithm", Computer Music
//! Journal 7, 1983). Partials cost less than a delay line with the same decay, and can be tuned and bent exactly.

use super::stroke::{Stroke, levels, number};
use crate::synth::kernels::math::gain;
use crate::synth::kernels::partials::PARTIALS;
use crate::synth::voices::burst::BurstSpec;
use crate::synth::voices::struck::StruckSpec;

/// A string: levels of the first partials in decibels, what each further one loses, the time constant of the first partial in seconds,
/// how much shorter each further one is, and the stiffness.
struct Plucked<const N: usize> {
    levels: [f32; N],
    slope: f32,
    tau: f32,
    damping: f32,
    stiffness: f32,
}

impl<const N: usize> Plucked<N> {
    fn spec(&self, stroke: &Stroke) -> StruckSpec {
        let mut spec = StruckSpec::SILENT;
        let first = levels(self.levels);
        let last = self.levels.last().copied().unwrap_or(0.0);
        let harder = 4.0 * (stroke.velocity - 0.7);
        let longer = stroke.lower(0.45).clamp(0.3, 2.5);
        for n in 0..PARTIALS {
            let k = number(n + 1);
            let level = first.get(n).copied().unwrap_or_else(|| gain(last - self.slope * number(n + 1 - N)));
            spec.levels[n] = level * gain(harder * libm::log2f(k));
            spec.taus[n] = self.tau * longer / (1.0 + self.damping * (k - 1.0));
            spec.ratios[n] = k * (1.0 + self.stiffness * k * k).sqrt();
        }
        spec.weights = [
            levels([0.0, -1.5, -1.0, 0.0, -2.0, 0.0, -1.0, -1.5]),
            levels([-1.0, 0.0, 0.0, -1.5, 0.0, -2.0, -0.5, 0.0]),
        ];
        spec
    }
}

/// A guitar with nylon strings.
pub fn guitar(stroke: &Stroke) -> StruckSpec {
    let string = Plucked {
        levels: [0.0, -8.0, -9.0, -4.0, -13.0, -20.0],
        slope: 1.5,
        tau: 0.42,
        damping: 0.28,
        stiffness: 3e-5,
    };
    StruckSpec {
        attack: 0.002,
        release: 0.07,
        burst: BurstSpec {
            low: 800.0,
            high: 4_000.0,
            tau: 0.006,
            level: 0.12 * stroke.velocity,
            ..BurstSpec::default()
        },
        ..string.spec(stroke)
    }
}

/// A harp, plucked in the middle with the fingertips.
pub fn harp(stroke: &Stroke) -> StruckSpec {
    let string = Plucked { levels: [0.0, -17.0, -23.0, -28.0], slope: 2.5, tau: 0.4, damping: 0.3, stiffness: 1e-5 };
    StruckSpec {
        attack: 0.003,
        release: 0.35,
        burst: BurstSpec { low: 150.0, high: 900.0, tau: 0.012, level: 0.05, ..BurstSpec::default() },
        ..string.spec(stroke)
    }
}

/// A koto, plucked near the bridge with a plectrum.
pub fn koto(stroke: &Stroke) -> StruckSpec {
    let string = Plucked {
        levels: [0.0, -1.0, 3.0, -17.0, 4.0, 0.0, -6.0, -8.0],
        slope: 1.4,
        tau: 0.26,
        damping: 0.14,
        stiffness: 5e-5,
    };
    StruckSpec {
        attack: 0.001,
        release: 0.25,
        burst: BurstSpec {
            low: 1_500.0,
            high: 6_000.0,
            tau: 0.005,
            level: 0.25 * stroke.velocity,
            ..BurstSpec::default()
        },
        ..string.spec(stroke)
    }
}

/// Strings of an orchestra, plucked.
pub fn pizzicato(stroke: &Stroke) -> StruckSpec {
    let string = Plucked { levels: [0.0, -16.0, -22.0, -28.0], slope: 3.0, tau: 0.1, damping: 0.25, stiffness: 2e-5 };
    StruckSpec {
        attack: 0.006,
        release: 0.06,
        burst: BurstSpec { low: 200.0, high: 1_200.0, attack: 0.002, tau: 0.015, level: 0.1, ..BurstSpec::default() },
        ..string.spec(stroke)
    }
}

/// A santoor: several steel strings for each note, struck with light hammers, undamped.
pub fn santoor(stroke: &Stroke) -> StruckSpec {
    let string = Plucked {
        levels: [0.0, -3.0, -6.0, -8.0, -11.0, -13.0, -16.0, -18.0],
        slope: 1.2,
        tau: 0.55,
        damping: 0.12,
        stiffness: 1.2e-4,
    };
    let mut spec = string.spec(stroke);
    // The lower half of the bank again as a second string, 3 cents higher.
    for n in 0..PARTIALS / 2 {
        spec.ratios[n + 16] = spec.ratios[n] * 1.001_7;
        spec.levels[n + 16] = 0.7 * spec.levels[n];
        spec.taus[n + 16] = 1.4 * spec.taus[n];
    }
    spec.attack = 0.001;
    spec.burst =
        BurstSpec { low: 1_200.0, high: 5_000.0, tau: 0.005, level: 0.16 * stroke.velocity, ..BurstSpec::default() };
    spec
}
