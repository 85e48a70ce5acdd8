//! Forgetting down to the last bit.
//!
//! A state that decays never quite forgets: two runs that began differently come as near to each other as one likes and
//! still differ in their last bits. So on absolute multiples of a [`period`] every such state is rounded to a coarse grid,
//! far below what can be heard. Runs nearer to each other than a step of the grid fall on the same point and are one run
//! from there on, bit for bit, unless a boundary of the grid lies between them. That chance is as small as their distance in
//! steps, which a period shrinks by e^-5, and it is taken again with every period: after the [`memory`] two runs still differ
//! with a probability of about e^-(5 + 10 + 15), 1 in 10^13.

use crowd_engine::Frames;

/// The shortest period.
const SHORTEST: u64 = 4_096;
/// Time constants a period lasts at least. Rounded more often, a state that moves by less than half a step in a period would
/// stand still, and two such states apart.
const PERIOD: f64 = 5.0;
/// Time constants after which any two states are nearer than a step: 60 dB of reduction in steps of 2^-20 dB.
const TO_A_STEP: f64 = 18.0;
/// Periods behind that.
const PERIODS: u64 = 4;

/// The frames from one rounding to the next, a power of two, for a slowest time constant in frames.
pub(super) fn period(slowest: f64) -> u64 {
    ((PERIOD * slowest).ceil() as u64).next_power_of_two().max(SHORTEST)
}

/// Frames after which nothing is left of what was before.
pub(super) fn memory(slowest: f64) -> Frames {
    Frames((TO_A_STEP * slowest).ceil() as u64 + PERIODS * period(slowest))
}

/// The nearest multiple of 2^-32: 190 dB under full scale.
#[inline]
pub(super) fn signal(x: f64) -> f64 {
    const STEPS: f64 = (1u64 << 32) as f64;
    (x * STEPS).round() / STEPS
}

/// The nearest multiple of 2^-20 dB, by which a gain changes as little as by the last bit of an `f32`.
#[inline]
pub(super) fn decibels(x: f64) -> f64 {
    const STEPS: f64 = (1u64 << 20) as f64;
    (x * STEPS).round() / STEPS
}

/// The nearest `f32`.
#[inline]
pub(super) fn square(x: f64) -> f64 {
    f64::from(x as f32)
}
