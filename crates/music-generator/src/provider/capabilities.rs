//! What a provider can do.

use serde::{Deserialize, Serialize};

use crate::prompt::blend::MOST_PROMPTS;
use crate::types::config::Config;
use crate::types::stem::Stem;

/// The lengths of a chunk, in milliseconds.
const CHUNK_MS: std::ops::RangeInclusive<u32> = 1..=10_000;
/// The sample rates, in hertz.
const SAMPLE_RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// Which parts of the music a provider can leave out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mutes {
    /// None.
    #[default]
    None,
    /// The drums, the bass, or all but these two.
    #[serde(alias = "drums_and_bass")]
    DrumsAndBass,
    /// Each stem.
    Stems,
}

/// A setting of a [`Config`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names of the fields of a Config")]
pub enum Setting {
    Bpm,
    Scale,
    Density,
    Brightness,
    Mutes,
    Temperature,
    Seed,
    #[serde(alias = "top_k")]
    TopK,
    Guidance,
    Aim,
}

/// What a provider can do. As JSON in camelCase; snake_case is read too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Capabilities {
    /// The tempos that can be set, in quarter notes a minute: the lowest and the highest. None when the tempo cannot be set.
    pub bpm: Option<(f64, f64)>,
    /// Whether the scale can be set.
    pub scale: bool,
    /// Whether the density can be set.
    pub density: bool,
    /// Whether the brightness can be set.
    pub brightness: bool,
    /// Which parts can be left out.
    pub mutes: Mutes,
    /// The greatest number of prompts, 1 to [`MOST_PROMPTS`].
    #[serde(alias = "max_prompts")]
    pub max_prompts: usize,
    /// Settings that take effect only after [`Control::ResetContext`](super::Control::ResetContext).
    #[serde(alias = "hard_reset_fields")]
    pub hard_reset_fields: Vec<Setting>,
    /// After how many seconds the provider closes the session; none when it does not.
    #[serde(alias = "max_session_seconds")]
    pub max_session_seconds: Option<f64>,
    /// The usual length of a chunk in milliseconds, 1 to 10,000.
    #[serde(alias = "chunk_ms")]
    pub chunk_ms: u32,
    /// The sample rate in hertz, 8,000 to 192,000.
    #[serde(alias = "sample_rate")]
    pub sample_rate: u32,
    /// The number of channels, 1 or 2.
    pub channels: u16,
    /// Whether the same seed and the same changes in the same frames give the same samples.
    pub deterministic: bool,
}

impl Default for Capabilities {
    /// What is assumed of a provider that says nothing: 48,000 Hz, stereo, chunks of 2 s, no settings.
    fn default() -> Self {
        Self {
            bpm: None,
            scale: false,
            density: false,
            brightness: false,
            mutes: Mutes::None,
            max_prompts: MOST_PROMPTS,
            hard_reset_fields: Vec::new(),
            max_session_seconds: None,
            chunk_ms: 2_000,
            sample_rate: 48_000,
            channels: 2,
            deterministic: false,
        }
    }
}

impl Capabilities {
    /// Checks the numbers. The error says which one cannot be.
    ///
    /// # Errors
    /// A number is outside of its range.
    pub fn check(&self) -> Result<(), String> {
        let tempo = self.bpm.is_none_or(|(low, high)| low > 0.0 && low <= high && high.is_finite());
        let length = self.max_session_seconds.is_none_or(|seconds| seconds > 0.0);
        let wrong = |name: &str, value: String, allowed: &str| Err(format!("{name} is {value}; allowed: {allowed}"));
        if !SAMPLE_RATES.contains(&self.sample_rate) {
            return wrong("sampleRate", self.sample_rate.to_string(), "8000 to 192000");
        }
        if !(1..=2).contains(&self.channels) {
            return wrong("channels", self.channels.to_string(), "1 or 2");
        }
        if !CHUNK_MS.contains(&self.chunk_ms) {
            return wrong("chunkMs", self.chunk_ms.to_string(), "1 to 10000");
        }
        if !(1..=MOST_PROMPTS).contains(&self.max_prompts) {
            return wrong("maxPrompts", self.max_prompts.to_string(), "1 to 20");
        }
        if !tempo {
            return wrong("bpm", format!("{:?}", self.bpm), "null, or the lowest and the highest tempo");
        }
        if !length {
            return wrong("maxSessionSeconds", format!("{:?}", self.max_session_seconds), "null or above 0");
        }
        Ok(())
    }

    /// The settings that a configuration has and the provider does not: they have no effect.
    pub fn without_effect(&self, config: &Config) -> Vec<Setting> {
        let parts_only = [Stem::Harmony, Stem::Lead, Stem::Texture].map(|stem| config.muted[stem.index()]);
        let mutes = match self.mutes {
            Mutes::None => config.muted.contains(&true),
            Mutes::DrumsAndBass => parts_only.contains(&true) && parts_only.contains(&false),
            Mutes::Stems => false,
        };
        let found = [
            (Setting::Bpm, config.bpm.is_some() && self.bpm.is_none()),
            (Setting::Scale, config.scale.is_some() && !self.scale),
            (Setting::Density, config.density.is_some() && !self.density),
            (Setting::Brightness, config.brightness.is_some() && !self.brightness),
            (Setting::Mutes, mutes),
        ];
        found.into_iter().filter_map(|(setting, missing)| missing.then_some(setting)).collect()
    }
}
