//! Rounds floats to integers, with triangular dither.

/// White noise with triangular density of +-1 LSB, the sum of two uniform values (Lipshitz, Wannamaker and Vanderkooy,
/// "Quantization and Dither: A Theoretical Survey", JAES 40(5), 1992). When it is added before rounding, the error of the
/// rounding has constant power and no correlation with the signal. The seed is fixed, so the same input gives the same file.
#[derive(Clone, Debug)]
struct Tpdf(u64);

impl Tpdf {
    fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// The next dither value in LSB, in -1.0..1.0.
    fn next(&mut self) -> f64 {
        // Two independent 32-bit halves of one xorshift64* output (Vigna, 2016).
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let random = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        let halves = (random >> 32) + (random & 0xffff_ffff);
        halves as f64 / 4_294_967_296.0 - 1.0
    }
}

/// Rounds samples of full scale 1.0 to integers, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Quantiser {
    noise: Option<Tpdf>,
    non_finite_samples: u64,
}

impl Quantiser {
    pub fn new(dither: bool) -> Self {
        Self { noise: dither.then(Tpdf::new), non_finite_samples: 0 }
    }

    /// The number of non-finite samples that became 0.
    pub fn non_finite_samples(&self) -> u64 {
        self.non_finite_samples
    }

    /// The sample itself, or 0 if it is not finite.
    pub fn finite(&mut self, s: f32) -> f32 {
        if s.is_finite() {
            return s;
        }
        self.non_finite_samples += 1;
        0.0
    }

    /// The integer of `bits` bits for one sample; a sample over full scale is clamped.
    pub fn round(&mut self, s: f32, bits: u32) -> i32 {
        let full = f64::from(1 << (bits - 1));
        let noise = self.noise.as_mut().map_or(0.0, Tpdf::next);
        nearest(f64::from(self.finite(s)) * full + noise).clamp(-full, full - 1.0) as i32
    }
}

/// The nearest integer, with ties to even, for values up to 2^51. The value is moved to a range in which floats are 1 apart, so that the
/// processor rounds it. `f64::round` would be a library call on processors that may have no instruction for it.
fn nearest(x: f64) -> f64 {
    const SPACED_BY_ONE: f64 = 1.5 * (1u64 << 52) as f64;
    (x + SPACED_BY_ONE) - SPACED_BY_ONE
}

/// Whether integers of `bits` bits hold every sample exactly, so that dither is not needed.
pub(super) fn on_grid(samples: &[f32], bits: u32) -> bool {
    let full = f64::from(1 << (bits - 1));
    let exact = |s: f32| {
        let n = f64::from(s) * full;
        f64::from(n as i32) == n && (-full..full).contains(&n)
    };
    samples.iter().all(|&s| exact(s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_goes_to_the_nearest_integer() {
        for x in [0.0, 0.49, -0.49, 0.51, -0.51, 8_388_606.6, -8_388_607.4, 32_767.3, 1e9 + 0.3] {
            assert_eq!(nearest(x), f64::round(x), "{x}");
        }
        assert_eq!([0.5, 1.5, -0.5, -2.5].map(nearest), [0.0, 2.0, 0.0, -2.0]);
    }

    #[test]
    fn dither_is_triangular_white_and_zero_mean() {
        let mut tpdf = Tpdf::new();
        let values: Vec<f64> = (0..200_000).map(|_| tpdf.next()).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let power = values.iter().map(|v| v * v).sum::<f64>() / n;
        let neighbours = values.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / n;
        // A triangle on -1..1 has variance 1/6 and three quarters of its mass within half a unit of zero.
        let inner = values.iter().filter(|v| v.abs() < 0.5).count() as f64 / n;
        assert!(mean.abs() < 0.005, "mean {mean}");
        assert!((power - 1.0 / 6.0).abs() < 0.002, "power {power}");
        assert!(neighbours.abs() < 0.002, "correlation {neighbours}");
        assert!((inner - 0.75).abs() < 0.005, "inner mass {inner}");
        assert!(values.iter().all(|v| v.abs() <= 1.0));
    }
}
