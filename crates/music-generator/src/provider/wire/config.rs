//! Settings as JSON.

use serde::{Deserialize, Serialize};

use super::names::{key_name, scale_name, scale_of};
use crate::provider::ProviderError;
use crate::provider::capabilities::Mutes;
use crate::types::config::{Aim, Config, Mode};
use crate::types::stem::Stem;

/// Settings. What is left out has its usual value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireConfig {
    /// How much the music varies, 0 to 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Among how many candidates a model chooses, 1 to 1,000.
    #[serde(alias = "top_k", skip_serializing_if = "Option::is_none")]
    pub top_k: Option<i64>,
    /// The seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// How strictly a model follows the prompts, 0 to 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guidance: Option<f64>,
    /// The tempo in quarter notes a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bpm: Option<f64>,
    /// How much happens, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub density: Option<f64>,
    /// How bright the sound is, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brightness: Option<f64>,
    /// The name of a major key and the minor key with the same notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// The key in words, as in `D dorian`. It is written in addition to the scale, and not read.
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub key: Option<String>,
    /// Whether the bass is silent.
    #[serde(alias = "mute_bass", skip_serializing_if = "Option::is_none")]
    pub mute_bass: Option<bool>,
    /// Whether the drums are silent.
    #[serde(alias = "mute_drums", skip_serializing_if = "Option::is_none")]
    pub mute_drums: Option<bool>,
    /// Whether all but bass and drums is silent.
    #[serde(alias = "only_bass_and_drums", skip_serializing_if = "Option::is_none")]
    pub only_bass_and_drums: Option<bool>,
    /// The names of all silent stems, for providers that can leave out each stem.
    #[serde(alias = "muted_stems", skip_serializing_if = "Vec::is_empty")]
    pub muted_stems: Vec<String>,
    /// `QUALITY`, `DIVERSITY` or `VOCALIZATION`.
    #[serde(alias = "music_generation_mode", skip_serializing_if = "Option::is_none")]
    pub music_generation_mode: Option<String>,
}

/// A number to six decimals: 0.7 stays 0.7 when it comes from 32 bits.
fn wide(value: f32) -> f64 {
    libm::round(f64::from(value) * 1e6) / 1e6
}

impl WireConfig {
    /// The settings for a provider with these mutes.
    pub fn new(config: &Config, mutes: Mutes) -> Self {
        let [drums, bass, others @ ..] = config.muted;
        let only = others.iter().all(|muted| *muted);
        let stems = Stem::ALL.into_iter().filter(|stem| config.muted[stem.index()] && mutes == Mutes::Stems);
        Self {
            temperature: Some(wide(config.temperature)),
            top_k: config.top_k.map(i64::from),
            seed: config.seed.map(|seed| seed.cast_signed() & i64::MAX),
            guidance: config.guidance.map(wide),
            bpm: config.bpm,
            density: config.density.map(wide),
            brightness: config.brightness.map(wide),
            scale: config.scale.map(|(tonic, mode)| scale_name(tonic, mode).to_owned()),
            key: config.scale.map(|(tonic, mode)| key_name(tonic, mode)),
            mute_bass: bass.then_some(true),
            mute_drums: drums.then_some(true),
            only_bass_and_drums: only.then_some(true),
            muted_stems: stems.map(|stem| stem.name().to_owned()).collect(),
            music_generation_mode: config.aim.map(|aim| aim_name(aim).to_owned()),
        }
    }

    /// The settings as they are used inside. Ranges are checked by [`check_config`](crate::provider::check_config).
    ///
    /// # Errors
    /// The scale, the mode or a stem is not known.
    pub fn read(&self) -> Result<Config, ProviderError> {
        let word = |name, value: &str, allowed| ProviderError::Word { name, value: shortened(value), allowed };
        let scale = match self.scale.as_deref() {
            None | Some("" | "SCALE_UNSPECIFIED") => None,
            Some(name) => {
                let tonic =
                    scale_of(name).ok_or_else(|| word("scale", name, "C_MAJOR_A_MINOR to B_MAJOR_A_FLAT_MINOR"))?;
                Some((tonic, Mode::Ionian))
            }
        };
        let aim = match self.music_generation_mode.as_deref() {
            None | Some("" | "MUSIC_GENERATION_MODE_UNSPECIFIED") => None,
            Some(name) => Some(
                aim_of(name).ok_or_else(|| word("musicGenerationMode", name, "QUALITY, DIVERSITY or VOCALIZATION"))?,
            ),
        };
        let only = self.only_bass_and_drums.unwrap_or(false);
        let mut muted = [self.mute_drums.unwrap_or(false), self.mute_bass.unwrap_or(false), only, only, only];
        for name in &self.muted_stems {
            let stem = Stem::ALL.into_iter().find(|stem| stem.name() == name);
            let stem = stem.ok_or_else(|| word("mutedStems", name, "drums, bass, harmony, lead, texture"))?;
            muted[stem.index()] = true;
        }
        #[allow(
            clippy::cast_possible_truncation,
            reason = "settings are small numbers, whose ranges are checked afterwards"
        )]
        let narrow = |value: f64| value as f32;
        let whole = |value: i64| u16::try_from(value.clamp(0, i64::from(u16::MAX))).unwrap_or(0);
        Ok(Config {
            bpm: self.bpm,
            scale,
            density: self.density.map(narrow),
            brightness: self.brightness.map(narrow),
            muted,
            temperature: self.temperature.map_or(Config::default().temperature, narrow),
            seed: self.seed.map(i64::unsigned_abs),
            top_k: self.top_k.map(whole),
            guidance: self.guidance.map(narrow),
            aim,
        })
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

const AIMS: [(Aim, &str); 3] =
    [(Aim::Quality, "QUALITY"), (Aim::Diversity, "DIVERSITY"), (Aim::Vocalization, "VOCALIZATION")];

fn aim_name(aim: Aim) -> &'static str {
    AIMS.iter().find(|(known, _)| *known == aim).map_or("", |(_, name)| name)
}

fn aim_of(name: &str) -> Option<Aim> {
    AIMS.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(aim, _)| *aim)
}
