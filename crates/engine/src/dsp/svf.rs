//! A second-order section in state-variable form, eight lanes at once.
//!
//! A. Simper, "Solving the continuous SVF equations using trapezoidal integration and equivalent currents" (Cytomic,
//! 2013). The transfer functions are the same as those of biquads from the bilinear transform. But this form stays precise
//! at frequencies far below the sample rate, where an `f32` direct form loses some 40 dB to rounding.

use super::quantum::Lanes;
use super::simd::Arith;
use crate::types::cast::single;

/// A state below this is silence (-300 dB).
const TINY: f32 = 1e-15;

/// Coefficients of one section, for all lanes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Svf {
    g: f32,
    two_g: f32,
    two_a1: f32,
    a2: f32,
    minus_two_k: f32,
}

/// The state of one section: its two integrators, the first one times `a1`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SvfState {
    first: Lanes,
    second: Lanes,
}

impl Svf {
    /// A section of resonance `q` at `frequency` Hz, which must be below half the sample rate.
    pub(crate) fn new(frequency: f64, q: f64, sample_rate: f64) -> Self {
        let g = (std::f64::consts::PI * frequency / sample_rate).tan();
        let k = 1.0 / q;
        let a1 = 1.0 / (1.0 + g * (g + k));
        Self {
            g: single(g),
            two_g: single(2.0 * g),
            two_a1: single(2.0 * a1),
            a2: single(g * a1),
            minus_two_k: single(-2.0 * k),
        }
    }

    /// Filters one frame. Returns the band-pass and the low-pass output.
    ///
    /// These are Simper's equations: `v1 = a1 s1 + a2 (x - s2)`, `v2 = s2 + g v1`, `s1 += 2 (v1 - s1)`, `s2 += 2 g v1`. The
    /// state has `a1 s1` in place of `s1`, which saves a multiplication.
    #[inline(always)]
    fn step<A: Arith>(&self, state: &mut SvfState, x: Lanes) -> (Lanes, Lanes) {
        let (mut band, mut low) = ([0.0; 8], [0.0; 8]);
        for i in 0..8 {
            let (s1, s2) = (state.first[i], state.second[i]);
            let v1 = A::fma(self.a2, x[i] - s2, s1);
            state.first[i] = A::fma(self.two_a1, v1, -s1);
            state.second[i] = A::fma(self.two_g, v1, s2);
            (band[i], low[i]) = (v1, A::fma(self.g, v1, s2));
        }
        (band, low)
    }

    /// One frame of the low-pass.
    #[inline(always)]
    pub(crate) fn low_pass<A: Arith>(&self, state: &mut SvfState, x: Lanes) -> Lanes {
        self.step::<A>(state, x).1
    }

    /// One frame of the all-pass with the same poles.
    #[inline(always)]
    pub(crate) fn all_pass<A: Arith>(&self, state: &mut SvfState, x: Lanes) -> Lanes {
        self.low_and_all_pass::<A>(state, x).1
    }

    /// One frame of the all-pass, while its corner frequency falls from infinity. At infinity an all-pass changes nothing. The
    /// period of the corner frequency is `progress` times its final value, with `progress` from 0 to 1. This function needs a
    /// state of its own, which the other functions must not use.
    ///
    /// With `r = 1 / g`: `u = (r s1 + x - s2) / (1 + r (r + k))`, `v1 = r u`, `v2 = s2 + u`.
    #[inline(always)]
    pub(crate) fn swept_all_pass<A: Arith>(&self, state: &mut SvfState, progress: &Lanes, x: Lanes) -> Lanes {
        let (last, k) = (1.0 / self.g, -0.5 * self.minus_two_k);
        let mut out = [0.0; 8];
        for i in 0..8 {
            let r = last * progress[i];
            let u = A::fma(r, state.first[i], x[i] - state.second[i]) / A::fma(r, r + k, 1.0);
            let band = r * u;
            state.first[i] = A::fma(2.0, band, -state.first[i]);
            state.second[i] = A::fma(2.0, u, state.second[i]);
            out[i] = A::fma(self.minus_two_k, band, x[i]);
        }
        out
    }

    /// One frame of the low-pass and the all-pass.
    #[inline(always)]
    pub(crate) fn low_and_all_pass<A: Arith>(&self, state: &mut SvfState, x: Lanes) -> (Lanes, Lanes) {
        let (band, low) = self.step::<A>(state, x);
        (low, A::fma8([self.minus_two_k; 8], band, x))
    }
}

impl SvfState {
    /// All numbers of the state.
    #[cfg(test)]
    pub(crate) fn numbers(&self) -> impl Iterator<Item = f32> {
        self.first.into_iter().chain(self.second)
    }

    /// Starts a lane of [`Svf::swept_all_pass`] with the sample `x`. The state is that of a low-pass with a corner at
    /// infinity, which is equal to its input.
    pub(crate) fn begin(&mut self, lane: usize, x: f32) {
        (self.first[lane], self.second[lane]) = (0.0, x);
    }

    /// Clears the two lanes of a deck.
    pub(crate) fn clear(&mut self, lanes: std::ops::Range<usize>) {
        for state in [&mut self.first, &mut self.second] {
            state.iter_mut().take(lanes.end).skip(lanes.start).for_each(|s| *s = 0.0);
        }
    }

    /// Sets decayed state to zero before it becomes subnormal. Each operation on subnormal state would be a hundred times
    /// slower.
    #[inline(always)]
    pub(crate) fn flush(&mut self) {
        for s in self.first.iter_mut().chain(&mut self.second) {
            *s = if s.abs() < TINY { 0.0 } else { *s };
        }
    }
}
