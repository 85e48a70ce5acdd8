//! The times between attempts to connect.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The first time.
const FIRST: Duration = Duration::from_secs(1);
/// The longest time before the random part is added. With it, the time is 30 s at most.
const LONGEST: Duration = Duration::from_secs(25);
/// The largest random part, as a share of the time.
const RANDOM: f64 = 0.2;

/// The times between attempts: 1, 2, 4, 8, 16 and then 25 s, each longer by a random part of up to a fifth. So many clients of a
/// server that was restarted do not connect at the same moment.
#[derive(Debug)]
pub struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

impl Backoff {
    /// Begins with the shortest time.
    #[must_use]
    pub const fn new() -> Self {
        Self(FIRST)
    }

    /// Begins again with the shortest time.
    pub fn reset(&mut self) {
        self.0 = FIRST;
    }

    /// The time until the next attempt, 1 to 30 s.
    pub fn next_time(&mut self) -> Duration {
        self.next_with(RandomState::new().hash_one(0) as u32)
    }

    /// The time until the next attempt, with a random number.
    fn next_with(&mut self, random: u32) -> Duration {
        let time = self.0;
        self.0 = (2 * time).min(LONGEST);
        time + time.mul_f64(RANDOM * f64::from(random) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_double_up_to_thirty_seconds_with_a_random_part() {
        let times = |random| {
            let mut backoff = Backoff::new();
            (0..8).map(|_| backoff.next_with(random).as_secs_f64()).collect::<Vec<_>>()
        };
        assert_eq!(times(0), [1.0, 2.0, 4.0, 8.0, 16.0, 25.0, 25.0, 25.0]);
        assert_eq!(times(u32::MAX), [1.2, 2.4, 4.8, 9.6, 19.2, 30.0, 30.0, 30.0]);
        let mut backoff = Backoff::new();
        let firsts: Vec<Duration> = (0..20)
            .map(|_| {
                backoff.reset();
                backoff.next_time()
            })
            .collect();
        assert!(firsts.iter().all(|time| (1.0..=1.2).contains(&time.as_secs_f64())), "{firsts:?}");
        assert!(firsts.iter().any(|time| *time != firsts[0]), "{firsts:?}");
    }
}
