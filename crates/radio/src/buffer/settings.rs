//! What decides how a buffer is filled and emptied.

use super::health::{Cooldowns, Health, Thresholds};

/// The least time between two times that a chunk is played, in seconds.
const REPEAT_SECONDS: u32 = 720;

/// What decides how a buffer is filled and emptied.
#[derive(Clone, Debug, PartialEq)]
pub struct BufferSettings {
    /// The prompts, which follow one another in turn.
    pub prompts: Vec<String>,
    /// The number of chunk files.
    pub chunks: usize,
    /// The length of a chunk in seconds.
    pub chunk_seconds: u32,
    /// The number of chunks with the same prompt.
    pub chunks_per_prompt: u32,
    /// The limits of the health.
    pub thresholds: Thresholds,
    /// How long the generator waits after a chunk.
    pub cooldowns: Cooldowns,
}

impl BufferSettings {
    /// The least number of chunks between two times that one is played, as long as there are enough.
    pub fn chunks_between_repeats(&self) -> u64 {
        let usual = u64::from(REPEAT_SECONDS.div_ceil(self.chunk_seconds.max(1)));
        usual.min(self.chunks as u64 / 2)
    }

    /// The health with this much music that was not played, in seconds.
    pub fn health(&self, available_seconds: f64) -> Health {
        self.thresholds.health(available_seconds)
    }

    /// The prompt with this number.
    pub fn prompt(&self, index: usize) -> &str {
        self.prompts.get(index).map_or("", String::as_str)
    }
}
