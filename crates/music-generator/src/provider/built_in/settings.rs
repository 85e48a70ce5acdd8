//! The properties of the built-in provider.

use std::time::Duration;

/// The properties of the built-in provider.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BuiltInSettings {
    /// The sample rate in hertz, 8,000 to 192,000.
    pub sample_rate: u32,
    /// The seed, unless the settings of a session have one.
    pub seed: u64,
    /// The length of a chunk in milliseconds, 1 to 10,000.
    pub chunk_ms: u32,
    /// How much audio is made in advance. A change is heard this much later than at the next beat.
    pub buffer: Duration,
}

impl Default for BuiltInSettings {
    fn default() -> Self {
        Self { sample_rate: 48_000, seed: 1, chunk_ms: 20, buffer: Duration::from_millis(100) }
    }
}
