//! Limits and times of an external provider.

use std::time::Duration;

use crate::provider::restart::restart_after;

/// Limits and times of an external provider.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalSettings {
    /// The name of the model, for the provider. Empty: the provider chooses it.
    pub model: String,
    /// The time until it is ready. A model is loaded in it.
    pub start_timeout: Duration,
    /// The time between two chunks while it plays.
    pub chunk_timeout: Duration,
    /// The time it gets to end by itself.
    pub end_timeout: Duration,
    /// The most bytes of a line.
    pub longest_line: usize,
    /// The longest audio of a chunk.
    pub longest_chunk: Duration,
    /// How much audio is kept ready. Then the provider waits.
    pub buffer: Duration,
    /// The most messages without audio in a second.
    pub most_messages: usize,
    /// The time before the first restart. It doubles with each restart.
    pub first_restart: Duration,
    /// The longest time before a restart.
    pub longest_restart: Duration,
    /// After how long without a fault the times before restarts begin anew.
    pub healthy_after: Duration,
    /// After how many restarts it is given up; never when none.
    pub most_restarts: Option<u32>,
}

impl Default for ExternalSettings {
    fn default() -> Self {
        Self {
            model: String::new(),
            start_timeout: Duration::from_secs(120),
            chunk_timeout: Duration::from_secs(30),
            end_timeout: Duration::from_secs(5),
            longest_line: 4 << 20,
            longest_chunk: Duration::from_secs(10),
            buffer: Duration::from_secs(4),
            most_messages: 200,
            first_restart: Duration::from_millis(500),
            longest_restart: Duration::from_secs(30),
            healthy_after: Duration::from_secs(60),
            most_restarts: None,
        }
    }
}

impl ExternalSettings {
    /// The time before a restart: `attempt` counts from 1.
    pub(super) fn restart_after(&self, attempt: u32) -> Duration {
        restart_after(self.first_restart, self.longest_restart, attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_before_a_restart_doubles_from_half_a_second_to_thirty() {
        let settings = ExternalSettings::default();
        let seconds: Vec<f64> = (1..=9).map(|attempt| settings.restart_after(attempt).as_secs_f64()).collect();
        assert_eq!(seconds, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]);
        assert_eq!(settings.restart_after(u32::MAX), Duration::from_secs(30));
    }
}
