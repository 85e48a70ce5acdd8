//! Triangular dither.

/// White noise with triangular density of +-1 LSB, the sum of two uniform values (Lipshitz, Wannamaker and Vanderkooy,
/// "Quantization and Dither: A Theoretical Survey", JAES 40(5), 1992): the error of rounding after adding it has
/// constant power and no correlation with the signal. The seed is fixed, so the same input gives the same file.
#[derive(Clone, Debug)]
pub(crate) struct Tpdf(u64);

impl Tpdf {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// The next dither value in LSB, in -1.0..1.0.
    pub(crate) fn next(&mut self) -> f64 {
        // Two independent 32-bit halves of one xorshift64* output (Vigna, 2016).
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let random = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        let halves = (random >> 32) + (random & 0xffff_ffff);
        halves as f64 / 4_294_967_296.0 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
