//! A chunk of generated music, and the name of its file.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A chunk of generated music in a buffer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// Its number, which no other chunk of the buffer ever has.
    pub id: u64,
    /// The name of its file.
    pub file: String,
    /// The number of its prompt.
    pub prompt_index: usize,
    /// Its prompt.
    pub prompt: String,
    /// The number of the first chunk of the block in which the music goes on without a break.
    pub block: u64,
    /// Its length in frames, at the sample rate of the file.
    pub frames: u64,
    /// The sample rate of the file in hertz.
    pub sample_rate: u32,
    /// The BLAKE3 hash of the file, in hexadecimal.
    pub hash: String,
    /// When it was made, in seconds after 1970-01-01T00:00:00 UTC.
    pub created_at: f64,
    /// How long it took to make it, in seconds; unknown for chunks that were imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation_seconds: Option<f64>,
    /// Its gain in decibels when it plays. What is generated here has the loudness of the station already.
    #[serde(default)]
    pub gain_db: f32,
}

impl Chunk {
    /// Its length in seconds.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.sample_rate.max(1))
    }
}

/// The largest number of a chunk: of a minute each, for two million years.
const MOST_CHUNKS: u64 = 1_000_000_000_000;
/// The largest number of a prompt.
const MOST_PROMPTS: usize = 1_000_000;

/// What the name of a chunk file tells: `chunk_017_prompt_2_60s.wav`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkName {
    /// The number of the chunk; three digits or more.
    pub id: u64,
    /// The number of the prompt.
    pub prompt_index: usize,
    /// The length in whole seconds.
    pub seconds: u32,
}

impl ChunkName {
    /// Reads the name of a file; `None` for other files.
    pub fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix("chunk_")?.strip_suffix("s.wav")?;
        let (id, rest) = rest.split_once("_prompt_")?;
        let (prompt, seconds) = rest.split_once('_')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if ![id, prompt, seconds].into_iter().all(digits) {
            return None;
        }
        let name = Self { id: id.parse().ok()?, prompt_index: prompt.parse().ok()?, seconds: seconds.parse().ok()? };
        (name.id <= MOST_CHUNKS && name.prompt_index <= MOST_PROMPTS).then_some(name)
    }
}

impl fmt::Display for ChunkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chunk_{:03}_prompt_{}_{}s.wav", self.id, self.prompt_index, self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for (id, name) in [(7, "chunk_007_prompt_2_60s.wav"), (12_345, "chunk_12345_prompt_2_60s.wav")] {
            let parsed = ChunkName { id, prompt_index: 2, seconds: 60 };
            assert_eq!((ChunkName::parse(name), parsed.to_string().as_str()), (Some(parsed), name));
        }
        for other in
            ["chunk_7.wav", "chunk__prompt_1_60s.wav", "chunk_1_prompt_+1_60s.wav", "chunk_1_prompt_1_60s.mp3", ""]
        {
            assert_eq!(ChunkName::parse(other), None, "{other}");
        }
    }
}
