//! Numbers from outside: each checked once, against the range that is documented for it, and in that range from then on.
//!
//! Gains, rates and tempi travel on as the engine's own types, the rest as the types of this file.

use crowd_engine::{Bpm, Gain, Rate};
use std::ops::RangeInclusive;

/// A number with a meaning and a range.
pub trait Quantity: Sized {
    /// What it may be.
    const RANGE: RangeInclusive<f64>;

    /// `value`, if it lies in [`RANGE`](Self::RANGE); a NaN lies in none.
    fn checked(value: f64) -> Option<Self>;

    /// Reads a number of the command line.
    ///
    /// # Errors
    /// Says which numbers will do.
    fn parse(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().and_then(Self::checked);
        number.ok_or_else(|| needed(&Self::RANGE))
    }
}

/// Which numbers a flag takes.
pub fn needed(range: &RangeInclusive<f64>) -> String {
    format!("a number from {} to {} is needed", range.start(), range.end())
}

impl Quantity for Gain {
    /// Linear, up to +12 dB.
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
    /// Narrower than the engine's: a deck still has to play at a rate that it can play at.
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
            /// The bare number.
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
    /// A time in seconds after time zero, a day at most; the past means now.
    Time -86_400.0..=86_400.0;
    /// A place in a file as a part of it, 0 to 1.
    Fraction 0.0..=1.0;
    /// A place in a file in seconds, up to a day.
    Position 0.0..=86_400.0;
    /// Where a beat lies, in seconds of a file; before its beginning will do.
    FirstBeat -86_400.0..=86_400.0;
    /// How long a fade takes, in seconds, up to an hour.
    FadeTime 0.0..=3_600.0;
    /// What `/deck_eq` takes.
    Percent 0.0..=1_000.0;
    /// How much the crowd moves, 0 to 1.
    Motion 0.0..=1.0;
    /// The frequency of the test tone, in Hz.
    Tone 20.0..=20_000.0;
}

impl Time {
    /// Time zero itself.
    pub const ZERO: Self = Self(0.0);
}

impl Fraction {
    /// Where a file begins.
    pub const START: Self = Self(0.0);
    /// Where a file ends.
    pub const END: Self = Self(1.0);
}

impl Tone {
    /// Unless something else is said.
    pub const A4: Self = Self(440.0);
}

impl Motion {
    /// The nearest value there is, 0 for a NaN. A detector overshoots at either end, and the table that makes a tempo of it has
    /// no other use for the excess.
    #[must_use]
    pub const fn nearest(value: f64) -> Self {
        Self(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) })
    }
}

impl Percent {
    /// What the clients' percentages mean: 0 is a kill, 50 and more is flat, between them -24 dB to 0 dB in a straight line.
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

    /// Every value that is let in at the edge is one that the engine's type takes.
    fn whole_range<Q: Quantity>() {
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
    fn what_is_in_range_is_taken_and_nothing_else() {
        whole_range::<Gain>();
        whole_range::<Rate>();
        whole_range::<Bpm>();
        whole_range::<Time>();
        whole_range::<Fraction>();
        whole_range::<Position>();
        whole_range::<FirstBeat>();
        whole_range::<FadeTime>();
        whole_range::<Percent>();
        whole_range::<Motion>();
        whole_range::<Tone>();
    }

    #[test]
    fn percent_is_kill_then_minus_24_to_0_db_then_flat() {
        let gain = |percent| Percent::checked(percent).unwrap().gain();
        for (percent, decibels) in
            [(1e-9, -24.0), (12.5, -18.0), (25.0, -12.0), (37.5, -6.0), (49.999_99, 0.0), (50.0, 0.0)]
        {
            let got = gain(percent).decibels();
            assert!((got - decibels).abs() < 1e-3, "{percent} %: {got} dB");
        }
        assert_eq!((gain(0.0), gain(100.0)), (Gain::SILENCE, Gain::UNITY));
    }

    #[test]
    fn movement_beyond_either_end_counts_as_the_end() {
        let nearest = [-0.5, 0.25, 7.0, f64::INFINITY, f64::NAN].map(|value| Motion::nearest(value).get());
        assert_eq!(nearest, [0.0, 0.25, 1.0, 1.0, 0.0]);
    }
}
