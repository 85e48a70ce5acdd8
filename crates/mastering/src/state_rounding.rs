//! The rounding of states, which makes the memory of the chain finite, bit for bit.
//!
//! A decaying state never reaches its limit: two runs with different starts come arbitrarily close to each other and still differ in
//! their last bits. So on absolute multiples of a [`period`] every such state is rounded to a coarse grid, far below audibility. Runs
//! that are closer to each other than a step of the grid are rounded to the same point and are equal from there on, bit for bit, unless a
//! boundary of the grid is between them. The probability of that is their distance in steps, which a period reduces by a factor of e^5,
//! and every period is another chance: after the [`memory`] two runs still differ with a probability of about e^-(5 + 10 + 15), 1 in
//! 10^13.

use crowd_engine::Frames;

/// The shortest period.
const SHORTEST: u64 = 4_096;
/// The smallest length of a period in time constants. With shorter periods a state that moves by less than half a step in a period would
/// stop moving, and two such states would stay different.
const PERIOD: f64 = 5.0;
/// Time constants after which any two states are closer than a step: 60 dB of reduction in steps of 2^-20 dB.
const TO_A_STEP: f64 = 18.0;
/// The number of periods after that.
const PERIODS: u64 = 4;

/// The frames from one rounding to the next, a power of two, for a slowest time constant in frames.
pub(super) fn period(slowest: f64) -> u64 {
    ((PERIOD * slowest).ceil() as u64).next_power_of_two().max(SHORTEST)
}

/// The number of frames after which the state does not depend on earlier sound.
pub(super) fn memory(slowest: f64) -> Frames {
    Frames((TO_A_STEP * slowest).ceil() as u64 + PERIODS * period(slowest))
}

/// The nearest multiple of 2^-32: 190 dB below full scale.
#[inline]
pub(super) fn round_signal(x: f64) -> f64 {
    const STEPS: f64 = (1u64 << 32) as f64;
    (x * STEPS).round() / STEPS
}

/// The nearest multiple of 2^-20 dB, a step that changes a gain by as little as the last bit of an `f32`.
#[inline]
pub(super) fn round_decibels(x: f64) -> f64 {
    const STEPS: f64 = (1u64 << 20) as f64;
    (x * STEPS).round() / STEPS
}

/// The nearest `f32`.
#[inline]
pub(super) fn round_square(x: f64) -> f64 {
    f64::from(x as f32)
}
