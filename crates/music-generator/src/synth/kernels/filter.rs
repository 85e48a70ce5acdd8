//! Filters of second order whose cutoff may change at any time.
//!
//! The state variable filter in its trapezoidal form (A. Simper, "Linear trapezoidal integrated SVF", 2013): stable at any change
//! of its coefficients.

use core::f32::consts::PI;

/// Coefficients of a [`Svf`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Cutoff {
    k: f32,
    a1: f32,
    a2: f32,
    a3: f32,
}

impl Cutoff {
    /// A cutoff in hertz, kept between 5 Hz and 0.47 of the sample rate; `q` is 0.707 for the flattest pass band.
    pub fn new(hertz: f32, q: f32, rate: f32) -> Self {
        let share = (hertz / rate).clamp(5.0 / rate, 0.47);
        let g = libm::tanf(PI * share);
        let k = 1.0 / q;
        let a1 = 1.0 / (1.0 + g * (g + k));
        let a2 = g * a1;
        Self { k, a1, a2, a3: g * a2 }
    }
}

/// The state of one channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Svf {
    s1: f32,
    s2: f32,
}

impl Svf {
    /// The band and the low-pass output for an input.
    #[inline(always)]
    fn tick(&mut self, c: &Cutoff, x: f32) -> (f32, f32) {
        let v3 = x - self.s2;
        let v1 = c.a1 * self.s1 + c.a2 * v3;
        let v2 = self.s2 + c.a2 * self.s1 + c.a3 * v3;
        self.s1 = 2.0 * v1 - self.s1;
        self.s2 = 2.0 * v2 - self.s2;
        (v1, v2)
    }

    /// Low-pass, 12 dB an octave.
    #[inline(always)]
    pub fn low(&mut self, c: &Cutoff, x: f32) -> f32 {
        self.tick(c, x).1
    }

    /// High-pass, 12 dB an octave.
    #[inline(always)]
    pub fn high(&mut self, c: &Cutoff, x: f32) -> f32 {
        let (band, low) = self.tick(c, x);
        x - c.k * band - low
    }

    /// Band-pass, 6 dB an octave on both sides, gain 1 at the centre.
    #[inline(always)]
    pub fn band(&mut self, c: &Cutoff, x: f32) -> f32 {
        c.k * self.tick(c, x).0
    }

    /// Sets state close to zero to zero, so that it does not become subnormal. Called once a quantum.
    #[inline(always)]
    pub fn flush(&mut self) {
        if self.s1.abs() < 1e-15 && self.s2.abs() < 1e-15 {
            *self = Self::default();
        }
    }
}

/// Runs a filter over both channels. The states are copied, so that they stay in registers, and the channels take turns, so that one
/// need not wait for the other: it takes half the time of one channel after the other.
#[inline(always)]
pub fn run_both<const N: usize>(
    states: &mut [Svf; 2],
    block: &mut [[f32; N]; 2],
    mut tick: impl FnMut(&mut Svf, f32) -> f32,
) {
    let [mut first, mut second] = *states;
    let [left, right] = block;
    for (left, right) in left.iter_mut().zip(right.iter_mut()) {
        *left = tick(&mut first, *left);
        *right = tick(&mut second, *right);
    }
    first.flush();
    second.flush();
    *states = [first, second];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::kernels::math::sine;

    fn level(filter: impl Fn(&mut Svf, &Cutoff, f32) -> f32, hertz: f32) -> f32 {
        let (mut svf, cutoff) = (Svf::default(), Cutoff::new(1_000.0, 0.707, 48_000.0));
        let peak = (0..9_600_u16).map(|n| {
            let y = filter(&mut svf, &cutoff, sine((f32::from(n) * hertz / 48_000.0).fract()));
            if n > 4_800 { y.abs() } else { 0.0 }
        });
        20.0 * libm::log10f(peak.fold(0.0, f32::max))
    }

    #[test]
    fn the_filters_have_the_slopes_of_second_order() {
        assert!((level(Svf::low, 1_000.0) + 3.0).abs() < 0.1);
        assert!((level(Svf::high, 1_000.0) + 3.0).abs() < 0.1);
        assert!((level(Svf::low, 4_000.0) + 24.4).abs() < 0.6);
        assert!((level(Svf::high, 250.0) + 24.1).abs() < 0.5);
        assert!(level(Svf::band, 1_000.0).abs() < 0.1);
    }
}
