//! Second-order filter sections in `f64`: their design, and their computation in transposed direct form II.
//!
//! The designs are those of R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients" (W3C note, 2021).

use std::f64::consts::PI;

use super::quantum::QUANTUM;

/// A state below this is set to zero, before it becomes subnormal.
pub const TINY: f64 = 1e-100;

/// The quality factors of the second-order sections of a Butterworth filter of order `2 * N`.
pub fn butterworth_q<const N: usize>() -> [f64; N] {
    std::array::from_fn(|i| 0.5 / (PI * (2 * i + 1) as f64 / (4 * N) as f64).cos())
}

/// `(b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// Numerator.
    pub b: [f64; 3],
    /// Denominator after its leading 1.
    pub a: [f64; 2],
}

impl Coefficients {
    /// Low-pass at `frequency` Hz. Here and below, the frequency must be between 0 and half the sample rate.
    pub fn low_pass(frequency: f64, q: f64, sample_rate: f64) -> Self {
        let (cos, alpha) = Self::angles(frequency, q, sample_rate);
        Self::normalised([(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0], cos, alpha)
    }

    /// High-pass.
    pub fn high_pass(frequency: f64, q: f64, sample_rate: f64) -> Self {
        let (cos, alpha) = Self::angles(frequency, q, sample_rate);
        Self::normalised([(1.0 + cos) / 2.0, -1.0 - cos, (1.0 + cos) / 2.0], cos, alpha)
    }

    /// All-pass: unit gain everywhere, a phase of 180 degrees at `frequency`.
    pub fn all_pass(frequency: f64, q: f64, sample_rate: f64) -> Self {
        let (cos, alpha) = Self::angles(frequency, q, sample_rate);
        Self::normalised([1.0 - alpha, -2.0 * cos, 1.0 + alpha], cos, alpha)
    }

    /// Low shelf: `decibels` of gain far below `frequency`, half of that at it, none far above.
    pub fn low_shelf(frequency: f64, decibels: f64, q: f64, sample_rate: f64) -> Self {
        Self::shelf(frequency, decibels, q, sample_rate, 1.0)
    }

    /// High shelf: `decibels` of gain far above `frequency`, half of that at it, none far below.
    pub fn high_shelf(frequency: f64, decibels: f64, q: f64, sample_rate: f64) -> Self {
        Self::shelf(frequency, decibels, q, sample_rate, -1.0)
    }

    /// Bell: `decibels` of gain at `frequency`, none far from it.
    pub fn bell(frequency: f64, decibels: f64, q: f64, sample_rate: f64) -> Self {
        let (cos, alpha) = Self::angles(frequency, q, sample_rate);
        let root = 10f64.powf(decibels / 40.0);
        let a0 = 1.0 + alpha / root;
        let b = [1.0 + alpha * root, -2.0 * cos, 1.0 - alpha * root];
        Self { b: b.map(|b| b / a0), a: [-2.0 * cos / a0, (1.0 - alpha / root) / a0] }
    }

    /// The low shelf with `side` 1, the high shelf with -1.
    fn shelf(frequency: f64, decibels: f64, q: f64, sample_rate: f64, side: f64) -> Self {
        let (cos, alpha) = Self::angles(frequency, q, sample_rate);
        let root = 10f64.powf(decibels / 40.0);
        let (cos, slope) = (side * cos, 2.0 * root.sqrt() * alpha);
        let (up, down) = (root + 1.0, root - 1.0);
        let a0 = up + down * cos + slope;
        let b = [up - down * cos + slope, 2.0 * side * (down - up * cos), up - down * cos - slope];
        Self { b: b.map(|b| root * b / a0), a: [-2.0 * side * (down + up * cos) / a0, (up + down * cos - slope) / a0] }
    }

    fn angles(frequency: f64, q: f64, sample_rate: f64) -> (f64, f64) {
        let w = 2.0 * PI * frequency / sample_rate;
        (w.cos(), w.sin() / (2.0 * q))
    }

    fn normalised(b: [f64; 3], cos: f64, alpha: f64) -> Self {
        let a0 = 1.0 + alpha;
        Self { b: b.map(|b| b / a0), a: [-2.0 * cos / a0, (1.0 - alpha) / a0] }
    }

    /// The gain at `frequency` Hz, linear.
    pub fn gain(&self, frequency: f64, sample_rate: f64) -> f64 {
        let w = 2.0 * PI * frequency / sample_rate;
        let at = |[c0, c1, c2]: [f64; 3]| {
            (c0 + c1 * w.cos() + c2 * (2.0 * w).cos()).hypot(c1 * w.sin() + c2 * (2.0 * w).sin())
        };
        at(self.b) / at([1.0, self.a[0], self.a[1]])
    }
}

/// A chain of `S` sections over `N` channels.
#[derive(Clone, Debug)]
pub struct Cascade<const S: usize, const N: usize> {
    sections: [Coefficients; S],
    state: [[[f64; N]; 2]; S],
    to_flush: usize,
}

impl<const S: usize, const N: usize> Cascade<S, N> {
    /// The chain with a state of silence.
    pub fn new(sections: [Coefficients; S]) -> Self {
        Self { sections, state: [[[0.0; N]; 2]; S], to_flush: QUANTUM }
    }

    /// Filters one frame through all sections.
    #[inline]
    pub fn tick(&mut self, frame: [f64; N]) -> [f64; N] {
        let mut x = frame;
        for (Coefficients { b, a }, [s1, s2]) in self.sections.iter().zip(&mut self.state) {
            for ((x, s1), s2) in x.iter_mut().zip(s1).zip(s2) {
                let y = b[0] * *x + *s1;
                *s1 = b[1] * *x - a[0] * y + *s2;
                *s2 = b[2] * *x - a[1] * y;
                *x = y;
            }
        }
        // The flush is counted in frames, so that it does not depend on how the input is split.
        self.to_flush -= 1;
        if self.to_flush == 0 {
            self.to_flush = QUANTUM;
            self.flush();
        }
        x
    }

    /// Resets the state to silence.
    pub fn clear(&mut self) {
        self.state = [[[0.0; N]; 2]; S];
    }

    fn flush(&mut self) {
        for s in self.state.as_flattened_mut().as_flattened_mut() {
            *s = if s.abs() < TINY { 0.0 } else { *s };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 44_100.0;

    fn db(gain: f64) -> f64 {
        20.0 * gain.log10()
    }

    #[test]
    fn butterworth_is_3_db_down_at_its_corner_for_every_order() {
        fn corner<const N: usize>() -> f64 {
            butterworth_q::<N>().iter().map(|&q| db(Coefficients::low_pass(1e3, q, RATE).gain(1e3, RATE))).sum()
        }
        for loss in [corner::<1>(), corner::<2>(), corner::<4>()] {
            assert!((loss + 3.010_3).abs() < 1e-3, "{loss} dB");
        }
    }

    #[test]
    fn low_and_high_pass_mirror_each_other() {
        let q = butterworth_q::<1>()[0];
        let (low, high) = (Coefficients::low_pass(1e3, q, RATE), Coefficients::high_pass(1e3, q, RATE));
        assert!((low.gain(1e-3, RATE) - 1.0).abs() < 1e-9 && high.gain(1e-3, RATE) < 1e-9);
        assert!((low.gain(1e3, RATE) - high.gain(1e3, RATE)).abs() < 1e-12);
    }

    #[test]
    fn all_pass_passes_all() {
        let all = Coefficients::all_pass(1e3, 0.7, RATE);
        for hz in [10.0, 500.0, 1e3, 5e3, 20e3] {
            assert!((all.gain(hz, RATE) - 1.0).abs() < 1e-12, "{hz} Hz");
        }
    }

    #[test]
    fn shelves_and_bells_have_their_gain_where_they_should_and_none_elsewhere() {
        for decibels in [-9.0, 0.0, 2.5] {
            let (low, high, bell) = (
                Coefficients::low_shelf(200.0, decibels, 0.7, RATE),
                Coefficients::high_shelf(8e3, decibels, 0.7, RATE),
                Coefficients::bell(1e3, decibels, 0.7, RATE),
            );
            for (design, points) in [
                (low, [(1.0, decibels), (200.0, decibels / 2.0), (20e3, 0.0)]),
                (high, [(1.0, 0.0), (8e3, decibels / 2.0), (22_049.0, decibels)]),
                (bell, [(1.0, 0.0), (1e3, decibels), (22_049.0, 0.0)]),
            ] {
                for (hz, want) in points {
                    let got = db(design.gain(hz, RATE));
                    assert!((got - want).abs() < 0.01, "{got} dB at {hz} Hz instead of {want}");
                }
            }
        }
    }

    #[test]
    fn the_chain_does_what_its_design_says() {
        let design = Coefficients::low_pass(1e3, 0.9, RATE);
        let mut chain = Cascade::<2, 1>::new([design; 2]);
        let w = 2.0 * PI * 1_500.0 / RATE;
        let peak = (0..20_000)
            .map(|n| chain.tick([(w * f64::from(n)).sin()])[0])
            .skip(10_000)
            .fold(0.0f64, |peak, y| peak.max(y.abs()));
        assert!((db(peak) - 2.0 * db(design.gain(1_500.0, RATE))).abs() < 0.01);
    }

    #[test]
    fn a_tail_ends_in_silence_and_never_in_denormals() {
        let mut chain = Cascade::<1, 1>::new([Coefficients::high_pass(38.0, 0.5, RATE)]);
        chain.tick([1.0]);
        let tail: Vec<f64> = (0..400_000).map(|_| chain.tick([0.0])[0]).collect();
        assert!(tail.iter().all(|y| *y == 0.0 || y.is_normal()));
        assert_eq!(tail.last(), Some(&0.0));
    }
}
