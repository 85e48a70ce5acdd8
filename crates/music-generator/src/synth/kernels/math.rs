//! Functions as polynomials. Coefficients are minimax fits (Lawson's reweighted least squares).

/// 1.5 x 2^23: adding and subtracting it rounds to the nearest whole number, for magnitudes below 2^22.
const ROUND: f32 = 12_582_912.0;

/// The nearest whole number, for magnitudes below 2^22.
#[inline(always)]
pub fn nearest(x: f32) -> f32 {
    (x + ROUND) - ROUND
}

/// The sine of an angle in turns: period 1. Error below 1e-6 for magnitudes up to 2.
#[inline(always)]
pub fn sine(turns: f32) -> f32 {
    let x = turns - nearest(turns);
    // Folded to a quarter turn to either side.
    let folded = if x > 0.25 {
        0.5 - x
    } else if x < -0.25 {
        -0.5 - x
    } else {
        x
    };
    let square = folded * folded;
    folded * (6.283_164 + square * (-41.337_143 + square * (81.340_77 - square * 70.993_43)))
}

/// The cosine of an angle in turns.
#[inline(always)]
pub fn cosine(turns: f32) -> f32 {
    sine(turns + 0.25)
}

/// 2 to the power of `x`, for `x` from -126 to 126; smaller ones give 0. Relative error below 3e-7.
#[inline(always)]
pub fn exp2(x: f32) -> f32 {
    let x = if x > 126.0 { 126.0 } else { x };
    let clamped = if x < -126.0 { -126.0 } else { x };
    let whole = nearest(clamped);
    let f = clamped - whole;
    let power =
        1.0 + f * (0.693_146_97 + f * (0.240_221_2 + f * (0.055_507_133 + f * (0.009_675_541 + f * 0.001_327_647_2))));
    // The exponent field: 127 + whole is 1 to 253. The low bits of `whole + 1.5 x 2^23` hold the whole number.
    let bits = (whole + ROUND).to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    let scaled = power * f32::from_bits(bits);
    if x < -126.0 { 0.0 } else { scaled }
}

/// The linear gain of a number of decibels; 0 below -700 dB.
#[inline(always)]
pub fn gain(decibels: f32) -> f32 {
    exp2(decibels * 0.166_096_4)
}

/// e^(-frames / (tau x rate)): how far an exponential decay with time constant `tau` seconds falls.
#[inline(always)]
pub fn decay(tau: f32, rate: f32, frames: f32) -> f32 {
    exp2(-core::f32::consts::LOG2_E * frames / (tau * rate))
}

/// Soft saturation: slope 1 at 0, limit 1. The Padé approximant of tanh of order 3/2, which reaches 1 at 3.
#[inline(always)]
pub fn saturate(x: f32) -> f32 {
    let x = if x > 3.0 { 3.0 } else { x };
    let x = if x < -3.0 { -3.0 } else { x };
    let square = x * x;
    x * (27.0 + square) / (27.0 + 9.0 * square)
}

/// A number of frames as `f32`: exact below 2^24.
#[inline(always)]
pub fn frames(count: usize) -> f32 {
    count as f32
}

/// Seconds as whole frames, at most 2^32.
#[inline(always)]
pub fn whole_frames(seconds: f32, rate: f32) -> usize {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let count = (seconds * rate + 0.5).clamp(0.0, 4e9) as usize;
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomials_are_close_to_the_functions() {
        for n in -2_000..=2_000_i16 {
            let x = f32::from(n) / 1_000.0;
            let exact = libm::sin(std::f64::consts::TAU * f64::from(x)) as f32;
            assert!((sine(x) - exact).abs() < 1e-6, "sine({x})");
            let exact = libm::exp2(f64::from(x) * 50.0) as f32;
            assert!((exp2(x * 50.0) / exact - 1.0).abs() < 5e-6, "exp2({x} * 50)");
        }
        assert_eq!((exp2(0.0), exp2(1.0), exp2(-200.0), exp2(-126.5)), (1.0, 2.0, 0.0, 0.0));
        assert!((gain(-20.0) - 0.1).abs() < 1e-6 && (decay(0.5, 100.0, 50.0) - 0.367_879_44).abs() < 1e-6);
        assert_eq!((saturate(0.0), saturate(5.0), saturate(-3.0)), (0.0, 1.0, -1.0));
    }
}
