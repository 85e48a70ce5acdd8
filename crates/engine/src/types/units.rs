//! Quantities with a unit and a range, checked when they are made.
//!
//! A value of one of these types is finite and in range, so it is never checked again. None of them can be NaN.

use std::fmt;
use std::time::Duration;

use super::error::{Error, Result};
pub use super::frames::Frames;
pub use super::ids::{DeckId, StemId};

macro_rules! float_unit {
    ($(#[$doc:meta])* $name:ident($float:ty, $from:literal), $what:literal, $unit:literal, $low:expr, $high:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(try_from = $from))]
        pub struct $name($float);

        impl $name {
            /// The smallest value allowed.
            pub const MIN: Self = Self($low);
            /// The largest value allowed.
            pub const MAX: Self = Self($high);

            /// The quantity, if `value` is in range.
            ///
            /// # Errors
            /// [`Error::OutOfRange`] when `value` is not finite or lies outside [`Self::MIN`]..=[`Self::MAX`].
            pub fn new(value: $float) -> Result<Self> {
                if ($low..=$high).contains(&value) {
                    Ok(Self(value))
                } else {
                    Err(Error::OutOfRange {
                        what: $what,
                        unit: $unit,
                        value: f64::from(value),
                        low: f64::from($low),
                        high: f64::from($high),
                    })
                }
            }

            /// The allowed value nearest to `value`. NaN becomes `fallback`.
            pub fn clamped(value: $float, fallback: Self) -> Self {
                if value.is_nan() { fallback } else { Self(value.clamp($low, $high)) }
            }

            /// The number without its unit.
            pub const fn get(self) -> $float {
                self.0
            }
        }

        impl TryFrom<$float> for $name {
            type Error = Error;

            /// As [`Self::new`].
            fn try_from(value: $float) -> Result<Self> {
                Self::new(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)?;
                f.write_str($unit)
            }
        }
    };
}

float_unit! {
    /// A tempo in beats per minute, 20 to 999.
    Bpm(f64, "f64"), "tempo", " BPM", 20.0f64, 999.0f64
}

float_unit! {
    /// A playing speed, from 1/16 to 4. 1 is the recorded speed, and 2 is twice as fast.
    Rate(f64, "f64"), "rate", "x", 0.0625f64, 4.0f64
}

float_unit! {
    /// A linear gain, from 0 to 4 (+12 dB). 0 is silence, and 1 leaves the signal unchanged.
    Gain(f32, "f32"), "gain", "", 0.0f32, 4.0f32
}

impl Rate {
    /// The recorded speed.
    pub const UNITY: Self = Self(1.0);

    /// The rate at which music of the tempo `own` has the tempo `target`.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when there is no such rate.
    pub fn between(own: Bpm, target: Bpm) -> Result<Self> {
        Self::new(target.get() / own.get())
    }
}

impl Gain {
    /// Silence.
    pub const SILENCE: Self = Self(0.0);
    /// Leaves the signal as it is.
    pub const UNITY: Self = Self(1.0);

    /// A gain from decibels. -120 dB and less is silence.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] above +12 dB or when `decibels` is NaN.
    pub fn from_decibels(decibels: f32) -> Result<Self> {
        if decibels <= -120.0 { Ok(Self::SILENCE) } else { Self::new(10f32.powf(decibels / 20.0)) }
    }

    /// The gain in decibels. Minus infinity for silence.
    pub fn decibels(self) -> f32 {
        20.0 * self.0.log10()
    }
}

impl Frames {
    /// The frame nearest to `seconds` at `rate`. For negative or NaN seconds this is frame 0.
    pub fn from_seconds(seconds: f64, rate: SampleRate) -> Self {
        Self((seconds * f64::from(rate.get())).round() as u64)
    }

    /// The length in seconds at `rate`.
    pub fn seconds(self, rate: SampleRate) -> f64 {
        self.0 as f64 / f64::from(rate.get())
    }

    /// The length at `rate`, in whole nanoseconds, rounded down.
    pub fn duration(self, rate: SampleRate) -> Duration {
        let (rate, whole) = (u64::from(rate.get()), Duration::from_secs(self.0 / u64::from(rate.get())));
        whole + Duration::from_nanos(self.0 % rate * 1_000_000_000 / rate)
    }

    /// The number of frames that end within `duration` at `rate`. It is exact for any duration.
    pub fn within(duration: Duration, rate: SampleRate) -> Self {
        let rate = u64::from(rate.get());
        let part = u64::from(duration.subsec_nanos()) * rate / 1_000_000_000;
        Self(duration.as_secs().saturating_mul(rate).saturating_add(part))
    }
}

/// Frames per second, 8,000 to 384,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u32"))]
pub struct SampleRate(u32);

impl SampleRate {
    /// 44,100 Hz, the rate of the compact disc.
    pub const CD: Self = Self(44_100);
    /// 48,000 Hz, the rate of most devices.
    pub const DAT: Self = Self(48_000);

    /// The sample rate, if `hertz` is in range.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside 8,000..=384,000.
    pub fn new(hertz: u32) -> Result<Self> {
        if (8_000..=384_000).contains(&hertz) {
            Ok(Self(hertz))
        } else {
            Err(Error::OutOfRange {
                what: "sample rate",
                unit: " Hz",
                value: f64::from(hertz),
                low: 8_000.0,
                high: 384_000.0,
            })
        }
    }

    /// The rate in hertz.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number of frames in `seconds`, but at least one.
    pub(crate) fn frames_in(self, seconds: f64) -> usize {
        ((seconds * f64::from(self.0)).round() as usize).max(1)
    }
}

impl TryFrom<u32> for SampleRate {
    type Error = Error;

    /// As [`Self::new`].
    fn try_from(hertz: u32) -> Result<Self> {
        Self::new(hertz)
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}

impl DeckId {
    /// The deck with this index. 0 is deck A.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when the index is 16 or more.
    pub fn new(index: usize) -> Result<Self> {
        if index < Self::LIMIT {
            Ok(Self(index as u8))
        } else {
            Err(Error::OutOfRange { what: "deck index", unit: "", value: index as f64, low: 0.0, high: 15.0 })
        }
    }
}

impl std::str::FromStr for DeckId {
    type Err = Error;

    /// Reads a deck letter, `A` to `P` in either case.
    fn from_str(text: &str) -> Result<Self> {
        match text.trim().as_bytes() {
            [letter] if (b'A'..=b'P').contains(&letter.to_ascii_uppercase()) => {
                Ok(Self(letter.to_ascii_uppercase() - b'A'))
            }
            _ => Err(Error::UnknownDeck { name: text.chars().take(40).collect() }),
        }
    }
}

/// As a letter.
#[cfg(feature = "serde")]
impl serde::Serialize for DeckId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for DeckId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<str>::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nan_cannot_be_constructed() {
        assert!(Bpm::new(f64::NAN).is_err());
        assert!(Rate::new(f64::INFINITY).is_err());
        assert!(Gain::new(f32::NAN).is_err());
        assert_eq!(Gain::clamped(f32::NAN, Gain::UNITY), Gain::UNITY);
        assert_eq!(Bpm::clamped(1e9, Bpm::MIN), Bpm::MAX);
    }

    #[test]
    fn deck_letters_are_read_in_either_case_and_nothing_else_is() {
        assert_eq!("c".parse::<DeckId>().unwrap(), DeckId::C);
        assert_eq!(DeckId::D.to_string(), "D");
        for bad in ["", "Z", "AB", "é", "1"] {
            assert!(bad.parse::<DeckId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_error_names_the_quantity_its_value_and_the_range() {
        let text = Gain::new(9.0).unwrap_err().to_string();
        assert_eq!(text, "gain 9 is out of range: give 0 to 4");
    }

    #[test]
    fn durations_are_exact_for_any_number_of_frames() {
        for (frames, rate, duration) in [
            (48_000, SampleRate::DAT, Duration::from_secs(1)),
            (1_024, SampleRate::CD, Duration::from_nanos(23_219_954)),
            (u64::MAX, SampleRate::CD, Duration::new(418_293_516_410_647, 428_911_564)),
        ] {
            assert_eq!(Frames(frames).duration(rate), duration);
            // The duration is rounded down, by less than a frame.
            let more = duration + Duration::from_nanos(1);
            assert_eq!(Frames::within(more, rate), Frames(frames), "{frames}");
        }
    }

    #[test]
    fn decibels_and_back() {
        assert!((Gain::from_decibels(-6.0206).unwrap().get() - 0.5).abs() < 1e-5);
        assert_eq!(Gain::from_decibels(f32::NEG_INFINITY).unwrap(), Gain::SILENCE);
        assert!(Gain::from_decibels(f32::NAN).is_err());
    }
}
