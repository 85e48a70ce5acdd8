//! Fractional delay of grains, so that steady tones continue in phase where grains join.
//!
//! The phase of a 10 kHz tone advances by 82 degrees in a frame. If grains could join only at whole frames, its phase could
//! be wrong by up to 41 degrees. Where the track is a tone around the join, the exact offset can be computed, as a fraction
//! of a frame. The new grain is read with this delay.

use std::sync::OnceLock;

use crate::dsp::QUANTUM;
use crate::dsp::simd::{Arith, Task};
use crate::dsp::window::kaiser;
use crate::types::cast::{count, single};

/// The number of frames that are read for one frame at a fractional position.
pub const TAPS: usize = 16;
/// The number of these that precede the frame itself.
pub const BEFORE: usize = TAPS / 2 - 1;
/// The number of frames that are read for a quantum.
pub const SPANNED: usize = QUANTUM + TAPS;

/// The number of fractions of a frame for which the table has weights. Between two of them the weights are interpolated,
/// with an error of -92 dB.
const PHASES: usize = 128;
/// The beta of the Kaiser window. At a sample rate of 44.1 kHz errors are under -77 dB up to 14 kHz, and -50 dB at 16 kHz.
const BETA: f64 = 7.5;
/// The share of the energy that must be a tone. With less, grains are copied at whole frames, unchanged.
const TONAL: f32 = 0.9;

/// The weights with which the track is read at a fractional position.
pub type Weights = [f32; TAPS];

/// A table of weights for fractions of a frame.
pub struct FractionalDelayTable([Weights; PHASES + 1]);

impl FractionalDelayTable {
    /// The table shared by all grains. The first call computes it, so the first call is not for an audio thread.
    pub fn shared() -> &'static Self {
        static TABLE: OnceLock<FractionalDelayTable> = OnceLock::new();
        TABLE.get_or_init(|| Self(std::array::from_fn(|phase| exact_weights(phase as f64 / PHASES as f64))))
    }

    /// The weights for a fraction of a frame, 0 to 1.
    pub fn weights(&self, fraction: f32) -> Weights {
        let at = fraction.clamp(0.0, 1.0) * PHASES as f32;
        let phase = count(f64::from(at)).min(PHASES - 1);
        let rest = at - phase as f32;
        let [here, next] = [&self.0[phase], &self.0[phase + 1]];
        std::array::from_fn(|tap| here[tap] + (next[tap] - here[tap]) * rest)
    }
}

fn exact_weights(fraction: f64) -> Weights {
    let taps: [f64; TAPS] = std::array::from_fn(|tap| {
        let x = tap as f64 - BEFORE as f64 - fraction;
        let t = std::f64::consts::PI * x;
        let sinc = if x == 0.0 { 1.0 } else { t.sin() / t };
        sinc * kaiser(x / (TAPS / 2) as f64, BETA)
    });
    let sum: f64 = taps.iter().sum();
    taps.map(|tap| single(tap / sum))
}

/// A quantum of the track, read at a fractional position: the first frame of `track` is [`BEFORE`] frames earlier.
pub struct FractionalRead<'a> {
    pub weights: &'a Weights,
    pub track: &'a [f32; SPANNED],
}

impl Task for FractionalRead<'_> {
    type Out = [f32; QUANTUM];

    #[inline(always)]
    fn run<A: Arith>(self) -> Self::Out {
        // Four vectors side by side share each weight.
        const SIDE: usize = 4;
        let mut out = [0.0; QUANTUM];
        for (nth, out) in out.as_chunks_mut::<{ 8 * SIDE }>().0.iter_mut().enumerate() {
            let mut sums = [[0.0; 8]; SIDE];
            for (tap, weight) in self.weights.iter().enumerate() {
                let track = &self.track[nth * 8 * SIDE + tap..][..8 * SIDE];
                for (sum, track) in sums.iter_mut().zip(track.as_chunks::<8>().0) {
                    *sum = A::fma8([*weight; 8], *track, *sum);
                }
            }
            out.copy_from_slice(sums.as_flattened());
        }
        out
    }
}

/// Returns the number of frames by which `grain` is later than `track`, and their likeness at that offset. Both channels
/// are compared together. `None` when `grain` and `track` are not the same tone.
///
/// A tone t of frequency w that comes d frames later is cos(wd) t(n) + sin(wd) / sin(w) h(n). Here h(n) is half the
/// difference between the neighbours of t(n). The two weights are fitted by least squares, from sums of products.
pub fn tone_offset<const N: usize>(grain: &[[f32; N]; 2], track: [&[f32]; 2]) -> Option<(f32, f32)> {
    // The names of the sums: t is the track, h the half difference of its neighbours, e their mean, and g the grain.
    let (mut sum_tt, mut sum_th, mut sum_hh, mut sum_et) = (0.0f32, 0.0, 0.0, 0.0);
    let (mut sum_gt, mut sum_gh, mut sum_gg) = (0.0f32, 0.0, 0.0);
    for (grain, track) in grain.iter().zip(track) {
        for (around, g) in track.windows(3).zip(&grain[1..]) {
            let (t, h, e) = (around[1], 0.5 * (around[2] - around[0]), 0.5 * (around[2] + around[0]));
            sum_tt += t * t;
            sum_th += t * h;
            sum_hh += h * h;
            sum_gt += g * t;
            sum_gh += g * h;
            sum_gg += g * g;
            sum_et += e * t;
        }
    }
    let determinant = sum_tt * sum_hh - sum_th * sum_th;
    if !(determinant > 1e-6 * sum_tt * sum_hh && sum_gg > 0.0) {
        return None;
    }
    let track_weight = (sum_gt * sum_hh - sum_gh * sum_th) / determinant;
    let difference_weight = (sum_gh * sum_tt - sum_gt * sum_th) / determinant;
    let likeness = (track_weight * sum_gt + difference_weight * sum_gh) / sum_gg;
    let cosine = (sum_et / sum_tt).clamp(-1.0, 1.0);
    let frequency = cosine.acos();
    let later = (difference_weight * frequency.sin()).atan2(track_weight) / frequency;
    (likeness >= TONAL && track_weight > 0.0 && later.abs() <= 1.0).then(|| (later, likeness.min(1.0).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::simd::Simd;
    use std::f64::consts::TAU;

    fn sine<const N: usize>(turns: f64, from: f64) -> [f32; N] {
        std::array::from_fn(|n| single((TAU * turns * (n as f64 + from)).sin()))
    }

    #[test]
    fn a_tone_at_a_fractional_position_is_that_tone_within_75_decibels() {
        for turns in [0.06, 0.11, 0.2268, 0.32] {
            for fraction in [0.0, 0.013, 0.25, 0.5, 0.77, 0.999] {
                let weights = FractionalDelayTable::shared().weights(fraction);
                let track = sine::<SPANNED>(turns, 3.3);
                let out = Simd::detect().run(FractionalRead { weights: &weights, track: &track });
                let expected = sine::<QUANTUM>(turns, 3.3 + BEFORE as f64 + f64::from(fraction));
                let worst = out.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(worst < 1.8e-4, "{turns} turns, {fraction}: {worst}");
            }
        }
    }

    #[test]
    fn the_offset_of_a_tone_is_found_to_a_thousandth_of_a_frame() {
        for turns in [0.06, 0.11, 0.2268, 0.4] {
            for later in [-0.5, -0.1, 0.0, 0.3, 0.49] {
                let grain = [sine::<256>(turns, 5.0 + later); 2];
                let track = sine::<256>(turns, 5.0);
                let (found, likeness) = tone_offset(&grain, [&track, &track]).unwrap();
                assert!((f64::from(found) - later).abs() < 1e-3, "{turns} turns, {later}: {found}");
                assert!((likeness - 1.0).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn noise_and_silence_are_not_taken_for_a_tone() {
        let mut state = 1u32;
        let mut noise = || -> [f32; 256] {
            std::array::from_fn(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state as f32 / u32::MAX as f32 - 0.5
            })
        };
        let (grain, track) = (noise(), noise());
        assert_eq!(tone_offset(&[grain; 2], [&track, &track]), None);
        assert_eq!(tone_offset(&[[0.0; 256]; 2], [&[0.0; 256], &[0.0; 256]]), None);
    }
}
