//! Eight oscillators side by side.

use super::math::sine;
use crate::synth::QUANTUM;

/// A wave form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wave {
    /// A sine.
    #[default]
    Sine,
    /// A falling saw, smoothed at its jump by a polynomial of two samples (Välimäki & Huovilainen, "Antialiasing oscillators in
    /// subtractive synthesis", IEEE Signal Processing Magazine, 2007).
    Saw,
}

/// Phases of eight oscillators, in turns.
pub type Phases = [f32; 8];

/// Adds a span of eight oscillators to `left` and `right`, each with its weight. `step` is the base frequency in turns a frame,
/// which grows by `slope` a frame; `ratio` are the multiples of the oscillators.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "one call, all plain numbers")]
pub fn oscillate(
    wave: Wave,
    phases: &mut Phases,
    ratio: &[f32; 8],
    weights: &[[f32; 8]; 2],
    step: f32,
    slope: f32,
    left: &mut [f32],
    right: &mut [f32],
) {
    match wave {
        Wave::Sine => each(sine_lanes, phases, ratio, weights, step, slope, left, right),
        Wave::Saw => each(saw_lanes, phases, ratio, weights, step, slope, left, right),
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "as above")]
fn each(
    shape: impl Fn(&[f32; 8], &[f32; 8]) -> [f32; 8],
    phases: &mut Phases,
    ratio: &[f32; 8],
    weights: &[[f32; 8]; 2],
    step: f32,
    slope: f32,
    left: &mut [f32],
    right: &mut [f32],
) {
    let mut step = step;
    let mut sums = [[[0.0_f32; 8]; 2]; QUANTUM];
    let len = left.len().min(QUANTUM);
    for sum in sums.iter_mut().take(len) {
        step += slope;
        let mut steps = [0.0; 8];
        for lane in 0..8 {
            steps[lane] = ratio[lane] * step;
            let next = phases[lane] + steps[lane];
            phases[lane] = if next >= 1.0 { next - 1.0 } else { next };
        }
        let y = shape(phases, &steps);
        for lane in 0..8 {
            sum[0][lane] = y[lane] * weights[0][lane];
            sum[1][lane] = y[lane] * weights[1][lane];
        }
    }
    for ((sum, left), right) in sums.iter().zip(left).zip(right) {
        *left += total(&sum[0]);
        *right += total(&sum[1]);
    }
}

/// The sum of eight numbers, in the order of a tree.
#[inline(always)]
pub fn total(lanes: &[f32; 8]) -> f32 {
    let a: [f32; 4] = core::array::from_fn(|n| lanes[n] + lanes[n + 4]);
    (a[0] + a[2]) + (a[1] + a[3])
}

#[inline(always)]
fn sine_lanes(phases: &[f32; 8], _: &[f32; 8]) -> [f32; 8] {
    let mut out = [0.0; 8];
    for lane in 0..8 {
        out[lane] = sine(phases[lane]);
    }
    out
}

#[inline(always)]
fn saw_lanes(phases: &[f32; 8], steps: &[f32; 8]) -> [f32; 8] {
    let mut out = [0.0; 8];
    for lane in 0..8 {
        let (phase, step) = (phases[lane], steps[lane] + 1e-9);
        let inverse = 1.0 / step;
        let after = phase * inverse;
        let before = (phase - 1.0) * inverse;
        let up = if after < 1.0 { after + after - after * after - 1.0 } else { 0.0 };
        let down = if before > -1.0 { before * before + before + before + 1.0 } else { 0.0 };
        out[lane] = 1.0 - 2.0 * phase + up + down;
    }
    out
}
