//! The buffer of generated music, as the owner of a station writes it.

use music_generator::provider::ExternalProvider;
use serde::{Deserialize, Serialize};

use crate::buffer::{BufferSettings, Cooldowns, Thresholds};
use crate::error::Error;

/// The provider that needs no model.
pub const BUILT_IN: &str = "built-in";
/// The number of chunks with the built-in provider. What is generated later is steered sooner.
const BUILT_IN_CHUNKS: u32 = 45;
/// The number of chunks with another provider, which may be slower than the music plays.
const EXTERNAL_CHUNKS: u32 = 1_440;

/// `[buffer]` in the configuration of a station.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BufferConfig {
    /// `built-in`, or a command or a `tcp://` address that speaks the protocol of music providers.
    pub provider: String,
    /// The prompts, which follow one another in turn.
    pub prompts: Vec<String>,
    /// The number of chunk files, 4 to 100,000. Without it 45 with the built-in provider, otherwise 1,440.
    pub chunks: Option<u32>,
    /// The length of a chunk in seconds, 5 to 600.
    pub chunk_seconds: u32,
    /// The number of chunks with the same prompt, 1 to 100,000.
    pub chunks_per_prompt: u32,
    /// The silence where the prompt changes, in seconds, 0 to 60.
    pub break_seconds: f64,
    /// The seed of the built-in provider.
    pub seed: u64,
    /// The shares of the chunks, or hours, from which on the health is healthy, warning, critical and emergency.
    pub thresholds: ThresholdsConfig,
    /// The seconds that the generator waits after a chunk: healthy, warning, critical, emergency, depleted.
    pub cooldown_seconds: Option<[f64; 5]>,
}

/// The limits of the health.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThresholdsConfig {
    /// Shares of the time of all chunks, 0 to 1.
    Share([f64; 4]),
    /// Hours of music that was not played.
    Hours([f64; 4]),
}

impl Default for BufferConfig {
    fn default() -> Self {
        Self {
            provider: BUILT_IN.to_owned(),
            prompts: Vec::new(),
            chunks: None,
            chunk_seconds: 60,
            chunks_per_prompt: 60,
            break_seconds: 3.0,
            seed: 1,
            thresholds: ThresholdsConfig::Share([0.4, 0.3, 0.15, 0.05]),
            cooldown_seconds: None,
        }
    }
}

impl BufferConfig {
    /// Whether the music is made without a model.
    pub fn is_built_in(&self) -> bool {
        self.provider.trim().eq_ignore_ascii_case(BUILT_IN)
    }

    /// What is wrong with it, in words.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut check = |fine: bool, problem: String| {
            if !fine {
                problems.push(format!("[buffer]: {problem}"));
            }
        };
        check(!self.prompts.is_empty(), "it has no prompts: add prompts = [\"lofi hip hop\"]".to_owned());
        for prompt in &self.prompts {
            let length = prompt.chars().count();
            let fine =
                (1..=1_000).contains(&length) && !prompt.trim().is_empty() && !prompt.chars().any(char::is_control);
            let start: String = prompt.chars().take(40).collect();
            check(
                fine,
                format!(
                    "the prompt \"{}\" has {length} characters: give 1 to 1000, no control characters",
                    start.escape_debug()
                ),
            );
        }
        let chunks = self.chunk_count();
        check((4..=100_000).contains(&chunks), format!("chunks = {chunks}: give 4 to 100000"));
        let seconds = self.chunk_seconds;
        check((5..=600).contains(&seconds), format!("chunk_seconds = {seconds}: give 5 to 600 s"));
        let block = self.chunks_per_prompt;
        check((1..=100_000).contains(&block), format!("chunks_per_prompt = {block}: give 1 to 100000"));
        let silence = self.break_seconds;
        check((0.0..=60.0).contains(&silence), format!("break_seconds = {silence}: give 0 to 60 s"));
        if !self.is_built_in()
            && let Err(error) = ExternalProvider::new(&self.provider)
        {
            check(false, format!("provider = \"{}\": {error}", self.provider.escape_debug()));
        }
        let limits = self.thresholds().0;
        let most = f64::from(chunks) * f64::from(seconds);
        let fall = limits.windows(2).all(|pair| pair[0] > pair[1]);
        let fit = limits.iter().all(|limit| *limit > 0.0 && *limit <= most);
        let advice = "give four numbers that fall, the first one at most the time of all chunks";
        check(fall && fit, format!("thresholds = {:?}: {advice}, so that all states can be reached", self.thresholds));
        let waits = self.cooldowns().0;
        let fine = waits.iter().all(|wait| (0.0..=3_600.0).contains(wait));
        check(fine, format!("cooldown_seconds = {waits:?}: give five numbers from 0 to 3600 s"));
        problems
    }

    fn chunk_count(&self) -> u32 {
        self.chunks.unwrap_or(if self.is_built_in() { BUILT_IN_CHUNKS } else { EXTERNAL_CHUNKS })
    }

    fn thresholds(&self) -> Thresholds {
        let all = f64::from(self.chunk_count()) * f64::from(self.chunk_seconds);
        Thresholds(match self.thresholds {
            ThresholdsConfig::Share(shares) => shares.map(|share| share * all),
            ThresholdsConfig::Hours(hours) => hours.map(|hours| hours * 3_600.0),
        })
    }

    fn cooldowns(&self) -> Cooldowns {
        // A model heats a graphics card; the built-in music does not.
        let usual = if self.is_built_in() { [0.0; 5] } else { [120.0, 60.0, 0.0, 0.0, 0.0] };
        Cooldowns(self.cooldown_seconds.unwrap_or(usual))
    }

    /// The settings of the buffer.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all problems.
    pub fn settings(&self) -> Result<BufferSettings, Error> {
        let problems = self.problems();
        if !problems.is_empty() {
            return Err(Error::Invalid(problems.join("\n")));
        }
        Ok(BufferSettings {
            prompts: self.prompts.clone(),
            chunks: self.chunk_count() as usize,
            chunk_seconds: self.chunk_seconds,
            chunks_per_prompt: self.chunks_per_prompt,
            thresholds: self.thresholds(),
            cooldowns: self.cooldowns(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> BufferConfig {
        toml_edit::de::from_str(text).unwrap()
    }

    #[test]
    fn the_number_of_chunks_follows_from_the_provider() {
        let built_in = config("prompts = [\"lofi\"]").settings().unwrap();
        assert_eq!((built_in.chunks, built_in.cooldowns), (45, Cooldowns([0.0; 5])));
        let other = config("prompts = [\"lofi\"]\nprovider = \"musicgen\"").settings().unwrap();
        assert_eq!((other.chunks, other.cooldowns.0[0]), (1_440, 120.0));
        let hours =
            config("prompts = [\"lofi\"]\nchunks = 1440\nthresholds.hours = [20, 12, 6, 2]").settings().unwrap();
        assert_eq!(hours.thresholds.0, [72_000.0, 43_200.0, 21_600.0, 7_200.0]);
    }

    #[test]
    fn each_problem_names_the_setting_and_its_value() {
        for (text, part) in [
            ("", "prompts"),
            ("prompts = [\"\"]", "0 characters"),
            ("prompts = [\"a\"]\nchunks = 3", "chunks = 3"),
            ("prompts = [\"a\"]\nchunk_seconds = 2", "chunk_seconds = 2"),
            ("prompts = [\"a\"]\nbreak_seconds = nan", "break_seconds = NaN"),
            // More than the time of all chunks: that state could not be reached.
            ("prompts = [\"a\"]\nthresholds.hours = [24, 12, 6, 2]", "Hours([24.0"),
            ("prompts = [\"a\"]\nthresholds.share = [0.1, 0.2, 0.3, 0.4]", "thresholds"),
            ("prompts = [\"a\"]\ncooldown_seconds = [-1, 0, 0, 0, 0]", "cooldown_seconds"),
        ] {
            let error = config(text).settings().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
