//! The rounding of states, which makes the memory of the chain finite, bit for bit.
//!
//! A decaying state never reaches its limit: two runs with different starts come arbitrarily close to each other and still differ in
//! their last bits. So at absolute multiples of a [`period`] every such state is rounded to a coarse grid, far below audibility. If the
//! states of two runs are closer to each other than a step of the grid, they are usually rounded to the same point. From then on the runs
//! are equal, bit for bit. They stay different only if a boundary of the grid is between them. The probability of that is their distance
//! in steps. Each period reduces the distance by a factor of e^5, and ends with another rounding. So after the [`memory`] two runs still
//! differ with a probability of about e^-(5 + 10 + 15), 1 in 10^13.

use crowd_engine::Frames;

/// The shortest period.
const SHORTEST: u64 = 4_096;
/// The smallest length of a period in time constants. In a shorter period a state could move by less than half a step. It would then be
/// rounded to its old value again, and two such states would stay different.
const PERIOD: f64 = 5.0;
/// After this many time constants any two states are closer than a step. The states that are farthest apart are a reduction of 60 dB and no
/// reduction, in steps of 2^-20 dB.
const TO_A_STEP: f64 = 18.0;
/// The number of periods after [`TO_A_STEP`] until all states count as equal.
const PERIODS: u64 = 4;

/// The number of frames from one rounding to the next, a power of two. `slowest` is the longest time constant in frames.
pub(super) fn period(slowest: f64) -> u64 {
    ((PERIOD * slowest).ceil() as u64).next_power_of_two().max(SHORTEST)
}

/// The number of frames after which the state does not depend on earlier sound. `slowest` is the longest time constant in frames.
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
