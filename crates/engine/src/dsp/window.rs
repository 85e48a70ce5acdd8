//! The Kaiser window.
//!
//! J. F. Kaiser and R. W. Schafer, "On the use of the I0-sinh window for spectrum analysis", IEEE Transactions on
//! Acoustics, Speech, and Signal Processing 28 (1980).

/// The modified Bessel function of the first kind and order zero, by its power series (Abramowitz and Stegun 9.6.12).
///
/// For `|x| <= 40` it is accurate to the last few bits of `f64`. This is enough for every useful Kaiser window.
pub fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 && k < 200.0 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

/// The Kaiser window at `x`. It is 1 at its centre, 0, and zero outside -1..=1. A larger `beta` makes the side lobes lower and
/// the main lobe wider.
pub fn kaiser(x: f64, beta: f64) -> f64 {
    let rest = 1.0 - x * x;
    if rest < 0.0 { 0.0 } else { bessel_i0(beta * rest.sqrt()) / bessel_i0(beta) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bessel_matches_tabulated_values() {
        // Abramowitz and Stegun, table 9.8, and I0(10) from the same series in higher precision.
        for (x, want) in [(0.0, 1.0), (1.0, 1.266_065_877_752_008_4), (10.0, 2_815.716_628_466_254)] {
            assert!((bessel_i0(x) / want - 1.0).abs() < 1e-14, "I0({x})");
        }
    }

    #[test]
    fn kaiser_is_one_at_the_centre_and_ends_at_its_edges() {
        assert_eq!(kaiser(0.0, 9.0), 1.0);
        assert!((kaiser(1.0, 9.0) - 1.0 / bessel_i0(9.0)).abs() < 1e-15);
        assert_eq!(kaiser(1.000_001, 9.0), 0.0);
        assert_eq!(kaiser(-0.3, 9.0), kaiser(0.3, 9.0));
    }
}
