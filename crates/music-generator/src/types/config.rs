//! The settings of a session that are numbers and not words.

use serde::{Deserialize, Serialize};

use super::stem::Stem;

/// Settings that a program changes while the music plays. What is `None` is decided by the prompts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The tempo in quarter notes a minute, 40 to 200.
    pub bpm: Option<f64>,
    /// Tonic (pitch class, 0 is C) and mode.
    pub scale: Option<(u8, Mode)>,
    /// How much happens, 0 to 1.
    pub density: Option<f32>,
    /// How bright the sound is, 0 to 1.
    pub brightness: Option<f32>,
    /// Stems that are silent, in the order of [`Stem::ALL`].
    pub muted: [bool; Stem::COUNT],
    /// How much the music varies: 0 repeats exactly, 1.1 is usual, 3 is the most.
    pub temperature: f32,
    /// The seed; none when the provider chooses it.
    pub seed: Option<u64>,
    /// Among how many candidates a model chooses, 1 to 1,000.
    pub top_k: Option<u16>,
    /// How strictly a model follows the prompts, 0 to 6.
    pub guidance: Option<f32>,
    /// What a model aims at.
    pub aim: Option<Aim>,
}

/// What a model aims at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aim {
    /// Quality.
    Quality,
    /// Variety.
    Diversity,
    /// Music with voices.
    Vocalization,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bpm: None,
            scale: None,
            density: None,
            brightness: None,
            muted: [false; Stem::COUNT],
            temperature: 1.1,
            seed: None,
            top_k: None,
            guidance: None,
            aim: None,
        }
    }
}

/// A mode of seven notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Major.
    Ionian,
    /// Minor with a major sixth.
    Dorian,
    /// Minor with a minor second.
    Phrygian,
    /// Major with a raised fourth.
    Lydian,
    /// Major with a minor seventh.
    Mixolydian,
    /// Natural minor.
    Aeolian,
}

impl Mode {
    /// Its degrees in semitones above the tonic.
    pub const fn degrees(self) -> [u8; 7] {
        match self {
            Self::Ionian => [0, 2, 4, 5, 7, 9, 11],
            Self::Dorian => [0, 2, 3, 5, 7, 9, 10],
            Self::Phrygian => [0, 1, 3, 5, 7, 8, 10],
            Self::Lydian => [0, 2, 4, 6, 7, 9, 11],
            Self::Mixolydian => [0, 2, 4, 5, 7, 9, 10],
            Self::Aeolian => [0, 2, 3, 5, 7, 8, 10],
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ionian => "ionian",
            Self::Dorian => "dorian",
            Self::Phrygian => "phrygian",
            Self::Lydian => "lydian",
            Self::Mixolydian => "mixolydian",
            Self::Aeolian => "aeolian",
        }
    }
}
