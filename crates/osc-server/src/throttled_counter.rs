//! Limits the rate at which a growing counter of problems is logged.

use std::time::{Duration, Instant};

/// The shortest time between two log lines about one counter.
const LOG_INTERVAL: Duration = Duration::from_secs(2);

/// The logged value of a counter, and the time of the last log line.
#[derive(Default, Clone, Copy)]
pub(crate) struct ThrottledCounter {
    total: u64,
    at: Option<Instant>,
}

impl ThrottledCounter {
    /// Returns the increase of the counter since the last log line. `None` when there is none, or the last line is too
    /// recent. The returned increase counts as logged.
    pub(crate) fn take_new(&mut self, total: u64) -> Option<u64> {
        if total <= self.total || self.at.is_some_and(|at| at.elapsed() < LOG_INTERVAL) {
            return None;
        }
        self.at = Some(Instant::now());
        Some(total - std::mem::replace(&mut self.total, total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_returned_once_and_then_not_for_a_while() {
        let mut counter = ThrottledCounter::default();
        assert_eq!(counter.take_new(0), None);
        assert_eq!(counter.take_new(3), Some(3));
        assert_eq!(counter.take_new(9), None);
        counter.at = Instant::now().checked_sub(LOG_INTERVAL);
        assert_eq!(counter.take_new(9), Some(6));
    }
}
