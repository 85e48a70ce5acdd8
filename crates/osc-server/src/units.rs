//! Numbers from messages and the command line. Each has a type with its documented range. A number is checked once, when a
//! value of the type is made.
//!
//! Gains, rates and tempos become types of the engine, and all other numbers become types of this file.

use crowd_engine::{Bpm, Gain, Rate};
use std::ops::RangeInclusive;

/// A number with a meaning and a range.
pub trait Quantity: Sized {
    /// The valid range.
    const RANGE: RangeInclusive<f64>;

    /// `value`, if it is in [`RANGE`](Self::RANGE). A NaN is not.
    fn checked(value: f64) -> Option<Self>;

    /// Parses a number of the command line.
    ///
    /// # Errors
    /// A text that names the valid range.
    fn parse(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().and_then(Self::checked);
        number.ok_or_else(|| range_error(&Self::RANGE))
    }
}

/// The error text for a flag whose number is not in `range`.
pub fn range_error(range: &RangeInclusive<f64>) -> String {
    format!("a number from {} to {} is needed", range.start(), range.end())
}

impl Quantity for Gain {
    /// Linear gains, up to +12 dB.
    const RANGE: RangeInclusive<f64> = 0.0..=4.0;

    fn checked(value: f64) -> Option<Self> {
        if Self::RANGE.contains(&value) { Self::new(value as f32).ok() } else { None }
    }
}

impl Quantity for Rate {
    const RANGE: RangeInclusive<f64> = 0.0625..=4.0;

    fn checked(value: f64) -> Option<Self> {
        Self::new(value).ok()
    }
}

impl Quantity for Bpm {
    /// The range is narrower than the engine's, so that a deck can still play at the rate that follows from a tempo.
    const RANGE: RangeInclusive<f64> = 20.0..=400.0;

    fn checked(value: f64) -> Option<Self> {
        if Self::RANGE.contains(&value) { Self::new(value).ok() } else { None }
    }
}

macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident $range:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
        pub struct $name(f64);

        impl $name {
            /// The number.
            #[must_use]
            pub const fn get(self) -> f64 {
                self.0
            }
        }

        impl Quantity for $name {
            const RANGE: RangeInclusive<f64> = $range;

            fn checked(value: f64) -> Option<Self> {
                Self::RANGE.contains(&value).then_some(Self(value))
            }
        }
    )*};
}

quantities! {
    /// A time in seconds after time zero, at most a day. A time that has passed counts as now.
    TimeAfterZero -86_400.0..=86_400.0;
    /// A position in a file as a fraction of its length, 0 to 1.
    FileFraction 0.0..=1.0;
    /// A position in a file in seconds, at most a day.
    FilePosition 0.0..=86_400.0;
    /// The position of a beat in a file, in seconds. It may be before the beginning of the file.
    FirstBeat -86_400.0..=86_400.0;
    /// The length of a fade in seconds, at most an hour.
    FadeDuration 0.0..=3_600.0;
    /// The percentage that `/deck_eq` takes.
    EqPercent 0.0..=1_000.0;
    /// The movement of the crowd, 0 to 1.
    MovementLevel 0.0..=1.0;
    /// The frequency of the test tone, in Hz.
    ToneFrequency 20.0..=20_000.0;
}

impl TimeAfterZero {
    /// Time zero.
    pub const ZERO: Self = Self(0.0);
}

impl FileFraction {
    /// The beginning of a file.
    pub const START: Self = Self(0.0);
    /// The end of a file.
    pub const END: Self = Self(1.0);
}

impl ToneFrequency {
    /// The default frequency.
    pub const A4: Self = Self(440.0);
}

impl MovementLevel {
    /// The nearest value in range, or 0 for a NaN. The values of movement detectors may lie outside the range.
    #[must_use]
    pub const fn clamped(value: f64) -> Self {
        Self(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) })
    }
}

impl EqPercent {
    /// The gain of a percentage. 0 is a kill, and 50 or more is flat. Between them the gain rises evenly from -24 dB to
    /// 0 dB.
    #[must_use]
    pub fn gain(self) -> Gain {
        if self.0 <= 0.0 {
            Gain::SILENCE
        } else if self.0 >= 50.0 {
            Gain::UNITY
        } else {
            let decibels = -24.0 * (1.0 - self.0 / 50.0);
            Gain::clamped(10_f64.powf(decibels / 20.0) as f32, Gain::UNITY)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that every value in the range is one that the engine's type takes.
    fn check_whole_range<Q: Quantity>() {
        let (low, high) = Q::RANGE.into_inner();
        for n in 0..=1_000 {
            let value = low + (high - low) * f64::from(n) / 1_000.0;
            assert!(Q::checked(value).is_some(), "{value}");
        }
        for value in [low.next_down(), high.next_up(), f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Q::checked(value).is_none(), "{value}");
        }
    }

    #[test]
    fn only_values_in_range_are_accepted() {
        check_whole_range::<Gain>();
        check_whole_range::<Rate>();
        check_whole_range::<Bpm>();
        check_whole_range::<TimeAfterZero>();
        check_whole_range::<FileFraction>();
        check_whole_range::<FilePosition>();
        check_whole_range::<FirstBeat>();
        check_whole_range::<FadeDuration>();
        check_whole_range::<EqPercent>();
        check_whole_range::<MovementLevel>();
        check_whole_range::<ToneFrequency>();
    }

    #[test]
    fn percent_is_kill_then_minus_24_to_0_db_then_flat() {
        let gain = |percent| EqPercent::checked(percent).unwrap().gain();
        for (percent, decibels) in
            [(1e-9, -24.0), (12.5, -18.0), (25.0, -12.0), (37.5, -6.0), (49.999_99, 0.0), (50.0, 0.0)]
        {
            let got = gain(percent).decibels();
            assert!((got - decibels).abs() < 1e-3, "{percent} %: {got} dB");
        }
        assert_eq!((gain(0.0), gain(100.0)), (Gain::SILENCE, Gain::UNITY));
    }

    #[test]
    fn movement_beyond_either_end_is_clamped() {
        let nearest = [-0.5, 0.25, 7.0, f64::INFINITY, f64::NAN].map(|value| MovementLevel::clamped(value).get());
        assert_eq!(nearest, [0.0, 0.25, 1.0, 1.0, 0.0]);
    }
}
