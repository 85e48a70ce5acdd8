//! Presets, and the intensity with which they are applied.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::choice::parse_choice;

/// A named treatment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Adapts itself to the analysis of the track.
    #[default]
    Adaptive,
    /// Changes little.
    Gentle,
    /// More lows and low mids, softer highs.
    Warm,
    /// More presence and highs.
    Bright,
    /// Stronger transients.
    Punchy,
    /// For live recordings.
    Live,
}

impl Preset {
    /// All of them, the default first.
    pub const ALL: [Self; 6] = [Self::Adaptive, Self::Gentle, Self::Warm, Self::Bright, Self::Punchy, Self::Live];

    /// Its name, as in a URL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Adaptive => "adaptive",
            Self::Gentle => "gentle",
            Self::Warm => "warm",
            Self::Bright => "bright",
            Self::Punchy => "punchy",
            Self::Live => "live",
        }
    }

    /// The values of the preset at full intensity.
    pub const fn values(self) -> PresetValues {
        match self {
            Self::Adaptive => PresetValues {
                eq_db: [2.5, 0.5, 0.0, 0.5, 0.8],
                ratio: 1.5,
                threshold_db: -26.0,
                attack_ms: 25.0,
                release_ms: 250.0,
                limiter_release_ms: 100.0,
                allowed_reduction_db: 2.5,
                eq_blend: 0.75,
                dynamics_blend: 0.40,
                target_lufs: -14.0,
            },
            Self::Gentle => PresetValues {
                eq_db: [0.3, 0.0, 0.0, 0.2, 0.5],
                ratio: 1.8,
                threshold_db: -20.0,
                attack_ms: 15.0,
                release_ms: 150.0,
                limiter_release_ms: 75.0,
                allowed_reduction_db: 2.0,
                eq_blend: 0.60,
                dynamics_blend: 0.50,
                target_lufs: -16.0,
            },
            Self::Warm => PresetValues {
                eq_db: [1.5, 1.2, 0.3, -0.3, 0.8],
                ratio: 2.2,
                threshold_db: -19.0,
                attack_ms: 20.0,
                release_ms: 200.0,
                limiter_release_ms: 100.0,
                allowed_reduction_db: 4.0,
                eq_blend: 1.0,
                dynamics_blend: 0.75,
                target_lufs: -13.0,
            },
            Self::Bright => PresetValues {
                eq_db: [0.0, -0.5, 0.5, 2.0, 2.5],
                ratio: 2.8,
                threshold_db: -17.0,
                attack_ms: 5.0,
                release_ms: 80.0,
                limiter_release_ms: 40.0,
                allowed_reduction_db: 4.0,
                eq_blend: 1.0,
                dynamics_blend: 0.90,
                target_lufs: -12.0,
            },
            Self::Punchy => PresetValues {
                eq_db: [1.8, 0.5, 0.0, 1.5, 0.8],
                ratio: 2.5,
                threshold_db: -18.0,
                attack_ms: 5.0,
                release_ms: 100.0,
                limiter_release_ms: 80.0,
                allowed_reduction_db: 4.0,
                eq_blend: 0.75,
                dynamics_blend: 0.65,
                target_lufs: -14.0,
            },
            Self::Live => PresetValues {
                eq_db: [0.8, -0.8, 0.5, 2.0, 1.5],
                ratio: 1.8,
                threshold_db: -22.0,
                attack_ms: 15.0,
                release_ms: 180.0,
                limiter_release_ms: 120.0,
                allowed_reduction_db: 2.5,
                eq_blend: 0.70,
                dynamics_blend: 0.40,
                target_lufs: -13.5,
            },
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_choice("preset", text, Self::ALL, Self::name)
    }
}

/// The values of a [`Preset`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PresetValues {
    /// Gains of the five bands of the equaliser in decibels: under 200 Hz, to 800 Hz, to 3 kHz, to 8 kHz, and above.
    pub eq_db: [f32; 5],
    /// Ratio of the compressor.
    pub ratio: f32,
    /// Threshold of the compressor in dBFS, for a track of -14 LUFS. For a louder track it is higher.
    pub threshold_db: f32,
    /// Time constant of the compressor's attack, milliseconds.
    pub attack_ms: f32,
    /// Time constant of the compressor's release, milliseconds.
    pub release_ms: f32,
    /// The time in which the limiter releases nine tenths of its reduction, milliseconds.
    pub limiter_release_ms: f32,
    /// The reduction, in decibels, that the limiter may exceed only during a fiftieth of the time. A track that would need more reduction
    /// stays quieter than the target.
    pub allowed_reduction_db: f64,
    /// Share of the gains in `eq_db` that is applied.
    pub eq_blend: f32,
    /// Share of the compressed signal in its mix with the uncompressed signal.
    pub dynamics_blend: f32,
    /// The target: the integrated loudness that the rendition shall have, LUFS.
    pub target_lufs: f64,
}

/// The intensity of a preset, 0 to 1: the share of the mastered signal in a mix with the original. The original is mixed in at the loudness
/// of the mastered signal. At 0 the rendition is the original, unchanged and at its own level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f32", into = "f32")]
pub struct Intensity(f32);

impl Intensity {
    /// The original.
    pub const NONE: Self = Self(0.0);
    /// All of the preset.
    pub const FULL: Self = Self(1.0);

    /// The share, 0 to 1.
    pub const fn get(self) -> f32 {
        self.0
    }

    /// Whether this is the intensity of the original.
    pub fn is_none(self) -> bool {
        self.0 == 0.0
    }
}

impl Default for Intensity {
    fn default() -> Self {
        Self::FULL
    }
}

impl TryFrom<f32> for Intensity {
    type Error = String;

    fn try_from(share: f32) -> Result<Self, String> {
        // The key of a rendition contains the bits of the share, and negative zero has other bits than zero. Adding 0.0 changes negative
        // zero into zero.
        if (0.0..=1.0).contains(&share) {
            Ok(Self(share + 0.0))
        } else {
            Err(format!("intensity {share}: give 0 to 1"))
        }
    }
}

impl From<Intensity> for f32 {
    fn from(intensity: Intensity) -> Self {
        intensity.0
    }
}

impl FromStr for Intensity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse::<f32>().map_err(|_| format!("intensity \"{}\": give 0 to 1", text.escape_debug()))?;
        Self::try_from(number)
    }
}

impl fmt::Display for Intensity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a track is mastered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Treatment {
    /// The preset.
    pub preset: Preset,
    /// Its intensity.
    pub intensity: Intensity,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_preset_or_intensity_is_refused_by_name_value_and_way_out() {
        assert_eq!("punchy".parse(), Ok(Preset::Punchy));
        let refused = "loud\n".parse::<Preset>().unwrap_err();
        assert_eq!(refused, "preset \"loud\\n\": give one of adaptive, gentle, warm, bright, punchy, live");
        for text in ["1.01", "-0.1", "NaN", "inf", "", "1,0"] {
            assert!(text.parse::<Intensity>().unwrap_err().contains("give 0 to 1"), "{text}");
        }
        assert_eq!("-0".parse::<Intensity>().unwrap().get().to_bits(), 0);
        assert_eq!("0.25".parse::<Intensity>().unwrap().to_string(), "0.25");
    }
}
