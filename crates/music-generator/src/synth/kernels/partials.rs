//! A bank of decaying partials: 32 rotating phasors.

use super::math::{cosine, sine};
use super::saw::total;
use crate::synth::QUANTUM;

/// Partials of a bank.
pub const PARTIALS: usize = 32;
const LANES: usize = 8;
const GROUPS: usize = PARTIALS / LANES;

type Lanes = [f32; LANES];

/// The state of a bank. Each partial is a phasor that is multiplied by r e^(jw) at each frame: its imaginary part is a decaying
/// sine that begins at 0. Amplitudes are ramps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bank {
    re: [Lanes; GROUPS],
    im: [Lanes; GROUPS],
    cos: [Lanes; GROUPS],
    sin: [Lanes; GROUPS],
    amplitude: [Lanes; GROUPS],
    slope: [Lanes; GROUPS],
    audible: [bool; GROUPS],
}

impl Bank {
    /// All partials at phase 0 and their full amplitude.
    pub fn start(&mut self) {
        *self = Self { re: [[1.0; LANES]; GROUPS], audible: [true; GROUPS], ..Self::default() };
    }

    /// Sets frequencies, in turns a frame, and the factor by which each partial decays in a frame.
    #[inline(always)]
    pub fn tune(&mut self, step: f32, ratios: &[f32; PARTIALS], decays: &[f32; PARTIALS]) {
        for group in 0..GROUPS {
            for lane in 0..LANES {
                let n = group * LANES + lane;
                let turns = ratios[n] * step;
                let turns = if turns > 0.5 { 0.5 } else { turns };
                self.cos[group][lane] = decays[n] * cosine(turns);
                self.sin[group][lane] = decays[n] * sine(turns);
            }
        }
    }

    /// Sets the amplitudes to be reached after `frames` frames.
    #[inline(always)]
    pub fn shape(&mut self, amplitudes: &[f32; PARTIALS], frames: f32) {
        let share = 1.0 / frames;
        for group in 0..GROUPS {
            for lane in 0..LANES {
                self.slope[group][lane] = (amplitudes[group * LANES + lane] - self.amplitude[group][lane]) * share;
            }
        }
    }

    /// Sets the amplitudes now.
    #[inline(always)]
    pub fn set_shape(&mut self, amplitudes: &[f32; PARTIALS]) {
        for group in 0..GROUPS {
            for lane in 0..LANES {
                self.amplitude[group][lane] = amplitudes[group * LANES + lane];
            }
        }
        self.slope = [[0.0; LANES]; GROUPS];
    }

    /// Keeps the amplitudes where they are.
    #[inline(always)]
    pub fn hold(&mut self) {
        self.slope = [[0.0; LANES]; GROUPS];
    }

    /// Adds a span to `left` and `right`, each with a weight for each partial modulo 8. Groups that have decayed cost nothing.
    #[inline(always)]
    pub fn render(&mut self, weights: &[Lanes; 2], left: &mut [f32], right: &mut [f32]) {
        let mut sums = [[0.0_f32; LANES]; QUANTUM];
        let len = left.len().min(QUANTUM);
        for group in 0..GROUPS {
            if !self.audible[group] {
                continue;
            }
            let (mut re, mut im, mut amplitude) = (self.re[group], self.im[group], self.amplitude[group]);
            let (cos, sin, slope) = (self.cos[group], self.sin[group], self.slope[group]);
            for sum in sums.iter_mut().take(len) {
                for lane in 0..LANES {
                    let next = cos[lane] * re[lane] - sin[lane] * im[lane];
                    im[lane] = sin[lane] * re[lane] + cos[lane] * im[lane];
                    re[lane] = next;
                    amplitude[lane] += slope[lane];
                    sum[lane] += im[lane] * amplitude[lane];
                }
            }
            self.re[group] = re;
            self.im[group] = im;
            self.amplitude[group] = amplitude;
        }
        for ((sum, left), right) in sums.iter().zip(left).zip(right) {
            let (mut a, mut b) = ([0.0; LANES], [0.0; LANES]);
            for lane in 0..LANES {
                a[lane] = sum[lane] * weights[0][lane];
                b[lane] = sum[lane] * weights[1][lane];
            }
            *left += total(&a);
            *right += total(&b);
        }
    }

    /// The largest level that the sum of all partials can still have if no amplitude rises. Groups below `floor` stop for good.
    #[inline(always)]
    pub fn level(&mut self, floor: f32, keep: bool) -> f32 {
        let mut level = 0.0;
        for group in 0..GROUPS {
            if !self.audible[group] {
                continue;
            }
            let mut squares = [0.0; LANES];
            for lane in 0..LANES {
                let power = self.re[group][lane] * self.re[group][lane] + self.im[group][lane] * self.im[group][lane];
                squares[lane] = power.sqrt() * self.amplitude[group][lane].abs();
            }
            let sum = total(&squares);
            if sum < floor && !keep {
                self.audible[group] = false;
            }
            level += sum;
        }
        level
    }
}
