//! Loudness as ITU-R BS.1770-5 defines it: K-weighting and the scale.

use std::f64::consts::PI;

use super::biquad::Coefficients;

/// The loudness of power 1, in LUFS. BS.1770 adds this constant to compensate the gain of its filter at 997 Hz.
const OFFSET: f64 = -0.691;

/// The loudness of a K-weighted power, in LUFS. The power is the sum of the mean squares of all channels, with full scale 1. The
/// loudness of power 0 is minus infinity.
#[inline]
pub fn lufs(power: f64) -> f64 {
    OFFSET + 10.0 * power.log10()
}

/// The K-weighted power of a loudness in LUFS, the inverse of [`lufs`].
pub fn power(lufs: f64) -> f64 {
    10f64.powf((lufs - OFFSET) / 10.0)
}

/// K-weighting, the filter of BS.1770: a high shelf, then a high-pass. `sample_rate` is in Hz, and must be above 4 kHz.
///
/// BS.1770 states the coefficients only for 48 kHz. The analogue prototypes of these coefficients, and the bilinear
/// transform of the prototypes to any rate, are from B. De Man, "Evaluation of implementations of the EBU R128 loudness
/// measurement" (AES 145, 2018).
pub fn k_weighting(sample_rate: f64) -> [Coefficients; 2] {
    let section = |hz: f64, q: f64, b: &dyn Fn(f64, f64) -> [f64; 3]| {
        let k = (PI * hz / sample_rate).tan();
        let a0 = 1.0 + k / q + k * k;
        Coefficients { b: b(k, a0).map(|b| b / a0), a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0] }
    };
    let (hz, q) = (1_681.974_450_955_533, 0.707_175_236_955_419_6);
    let high = 10f64.powf(3.999_843_853_973_347 / 20.0);
    let middle = high.powf(0.499_666_774_154_541_6);
    let shelf = section(hz, q, &|k, _| {
        let damping = middle * k / q;
        [high + damping + k * k, 2.0 * (k * k - high), high - damping + k * k]
    });
    // The numerator of the standard's second section is 1, -2, 1: unlike a high-pass of the cookbook it is not normalised to
    // unit gain.
    let high_pass = section(38.135_470_876_024_44, 0.500_327_037_323_877_3, &|_, a0| [a0, -2.0 * a0, a0]);
    [shelf, high_pass]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_weighting_at_48_khz_has_the_coefficients_of_the_standard() {
        // BS.1770-5, tables 1 and 2.
        let standard = [
            (
                [1.535_124_859_586_97, -2.691_696_189_406_38, 1.198_392_810_852_85],
                [-1.690_659_293_182_41, 0.732_480_774_215_85],
            ),
            ([1.0, -2.0, 1.0], [-1.990_047_454_833_98, 0.990_072_250_366_21]),
        ];
        for (section, (b, a)) in k_weighting(48_000.0).into_iter().zip(standard) {
            let pairs = section.b.iter().chain(&section.a).zip(b.iter().chain(&a));
            assert!(pairs.clone().all(|(ours, theirs)| (ours - theirs).abs() < 1e-13), "{section:?}");
        }
    }

    #[test]
    fn a_tone_of_997_hz_reads_its_own_level_at_every_rate() {
        for rate in [8_000.0, 22_050.0, 44_100.0, 48_000.0, 96_000.0, 192_000.0] {
            let gain: f64 = k_weighting(rate).iter().map(|section| section.gain(997.0, rate)).product();
            // In one channel a sine at full scale has a power of one half.
            // The bilinear transform warps the shelf differently from 48 kHz: by 0.03 dB at most.
            assert!((lufs(0.5 * gain * gain) + 3.01).abs() < 0.035, "{rate} Hz: {}", lufs(0.5 * gain * gain));
        }
    }

    #[test]
    fn power_is_the_inverse_of_lufs() {
        for level in [-70.0, -23.0, 0.0, 3.0] {
            assert!((lufs(power(level)) - level).abs() < 1e-9, "{level}");
        }
        assert_eq!(lufs(0.0), f64::NEG_INFINITY);
    }
}
