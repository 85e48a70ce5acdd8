//! Positions in a source: 64.64 fixed point, so that no rate drifts.

use std::ops::{Add, AddAssign};

const ONE: f64 = 18_446_744_073_709_551_616.0; // 2^64

/// A position in a source: 64 bits for the frame and 64 bits for its fraction. Before the source it is negative.
///
/// Additions are exact, so a thousand single steps end at the same position as one jump of a thousand steps. Sums outside the
/// range of +-2^63 frames (six million years) wrap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(i128);

impl Position {
    /// The first frame.
    pub const ZERO: Self = Self(0);

    /// A whole frame.
    pub const fn from_frames(frames: i64) -> Self {
        Self((frames as i128) << 64)
    }

    /// The position nearest to `frames`. A value outside the range becomes the nearest end of it, and NaN becomes frame 0.
    #[expect(clippy::cast_possible_truncation, reason = "saturates, as documented")]
    pub fn from_f64(frames: f64) -> Self {
        Self((frames * ONE) as i128)
    }

    /// The frame at or before the position (floor, also below zero).
    pub const fn frame(self) -> i64 {
        (self.0 >> 64) as i64
    }

    /// The fraction in units of 2^-64.
    #[expect(clippy::cast_possible_truncation, reason = "the low half is the fraction")]
    pub(crate) const fn fraction_bits(self) -> u64 {
        self.0 as u64
    }

    /// True when the position is exactly on a frame.
    pub const fn is_whole(self) -> bool {
        self.fraction_bits() == 0
    }

    /// The nearest `f64`, in frames.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / ONE
    }

    /// The position `n` steps later.
    #[must_use]
    pub const fn advance(self, step: Step, n: usize) -> Self {
        Self(self.0.wrapping_add(step.0.wrapping_mul(n as i128)))
    }

    /// The position in units of 2^`shift` frames.
    #[must_use]
    pub(crate) const fn shrunk(self, shift: u32) -> Self {
        Self(self.0 >> shift)
    }

    /// The position moved by whole frames, for example to make it relative to a window that starts elsewhere.
    #[must_use]
    pub const fn offset(self, frames: i64) -> Self {
        Self(self.0.wrapping_add((frames as i128) << 64))
    }
}

impl Add<Step> for Position {
    type Output = Self;

    fn add(self, step: Step) -> Self {
        self.advance(step, 1)
    }
}

impl AddAssign<Step> for Position {
    fn add_assign(&mut self, step: Step) {
        *self = *self + step;
    }
}

/// The number of source frames per output frame, in 64.64 fixed point. Negative steps read backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(i128);

impl Step {
    /// One source frame per output frame.
    pub const UNITY: Self = Self(1 << 64);

    /// The step of a playback rate. Every finite rate above 2^-11 is represented exactly. NaN becomes a step of 0.
    #[expect(clippy::cast_possible_truncation, reason = "saturates, far above any rate")]
    pub fn from_rate(rate: f64) -> Self {
        Self((rate * ONE) as i128)
    }

    /// True for exactly one frame per frame.
    pub const fn is_unity(self) -> bool {
        self.0 == Self::UNITY.0
    }

    /// The rate, in source frames per output frame.
    pub fn rate(self) -> f64 {
        self.0 as f64 / ONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_single_steps_ends_where_one_jump_ends() {
        let step = Step::from_rate(118.0 / 120.0);
        let start = Position::from_f64(12.345);
        let n = 3_600 * 44_100 / 100;
        let mut walked = start;
        for _ in 0..n {
            walked += step;
        }
        assert_eq!(walked, start.advance(step, n));
    }

    #[test]
    fn a_day_at_118_bpm_is_exact_to_a_nanoframe() {
        let frames = 24 * 3_600 * 48_000usize;
        let end = Position::ZERO.advance(Step::from_rate(118.0 / 120.0), frames);
        assert!((end.to_f64() - frames as f64 * 118.0 / 120.0).abs() < 1e-6);
    }

    #[test]
    fn ten_hours_of_changing_speeds_are_the_sum_of_their_steps() {
        // A speed that changes every 64 frames, in spans of any size, against the exact sum.
        let (mut position, mut exact) = (Position::ZERO, 0i128);
        for i in 0..10 * 3_600 * 44_100u64 / 64 {
            let step = Step::from_rate(0.25 + 3.75 * ((i * 7_919 % 10_007) as f64 / 10_007.0));
            let cut = (i % 63) as usize + 1;
            position = position.advance(step, cut).advance(step, 64 - cut);
            exact += step.0 * 64;
        }
        assert_eq!(position.0, exact);
    }

    #[test]
    fn floor_and_fraction_hold_below_zero() {
        let p = Position::from_f64(-1.25);
        assert_eq!((p.frame(), p.fraction_bits()), (-2, 3 << 62));
        assert!(!p.is_whole());
        assert_eq!(p.offset(3).to_f64(), 1.75);
        assert_eq!(Position::from_frames(-7).frame(), -7);
    }

    #[test]
    fn unity_is_unity_only_at_exactly_one() {
        assert!(Step::from_rate(1.0).is_unity());
        assert!(!Step::from_rate(1.0 + f64::EPSILON).is_unity());
        assert_eq!(Step::from_rate(f64::NAN).rate(), 0.0);
        assert_eq!(Step::from_rate(-0.5).rate(), -0.5);
    }
}
