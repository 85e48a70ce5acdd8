//! How much music a buffer has left.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How much music a buffer has left, in five states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Health {
    /// Enough.
    Healthy,
    /// Less than usual.
    Warning,
    /// Little.
    Critical,
    /// Very little.
    Emergency,
    /// Next to nothing. Chunks that were played are repeated, so that the rest lasts until more is generated.
    Depleted,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Healthy => "HEALTHY",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Emergency => "EMERGENCY",
            Self::Depleted => "DEPLETED",
        })
    }
}

/// The seconds of music that was not played from which on a buffer is healthy, warning, critical and emergency. They fall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds(pub [f64; 4]);

impl Thresholds {
    /// The health with this many seconds of music that was not played.
    pub fn health(self, seconds: f64) -> Health {
        let [healthy, warning, critical, emergency] = self.0;
        match seconds {
            left if left >= healthy => Health::Healthy,
            left if left >= warning => Health::Warning,
            left if left >= critical => Health::Critical,
            left if left >= emergency => Health::Emergency,
            _ => Health::Depleted,
        }
    }
}

/// The seconds that the generator waits after a chunk: healthy, warning, critical, emergency, depleted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cooldowns(pub [f64; 5]);

impl Cooldowns {
    /// The time that the generator waits in a state.
    pub fn of(self, health: Health) -> Duration {
        let [healthy, warning, critical, emergency, depleted] = self.0;
        let seconds = match health {
            Health::Healthy => healthy,
            Health::Warning => warning,
            Health::Critical => critical,
            Health::Emergency => emergency,
            Health::Depleted => depleted,
        };
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_five_states_can_be_reached() {
        let thresholds = Thresholds([100.0, 50.0, 25.0, 10.0]);
        let states = [100.0, 99.0, 50.0, 49.0, 25.0, 10.0, 9.0, 0.0].map(|seconds| thresholds.health(seconds));
        use Health::{Critical, Depleted, Emergency, Healthy, Warning};
        assert_eq!(states, [Healthy, Warning, Warning, Critical, Critical, Emergency, Depleted, Depleted]);
        assert_eq!(Cooldowns([120.0, 60.0, 0.0, 0.0, 0.0]).of(Warning), Duration::from_secs(60));
    }
}
