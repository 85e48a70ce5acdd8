//! Counters of refusals by kind. They limit the number of log lines about refusals.

use crate::refusal::RefusalKind;
use std::time::{Duration, Instant};

/// The largest number of refusals of one kind that are logged in a second.
pub const LOGGED_PER_SECOND: u32 = 5;

/// Counts refusals by kind, and limits the number of log lines about each kind.
#[derive(Debug, Default)]
pub struct RefusalCounters {
    kinds: [KindCounter; RefusalKind::ALL.len()],
}

#[derive(Debug, Default, Clone, Copy)]
struct KindCounter {
    total: u64,
    /// The start of the second in which `logged` is counted.
    second: Option<Instant>,
    /// The number of refusals that were logged in this second.
    logged: u32,
    /// The number of refusals that were not logged since the last logged one.
    suppressed: u64,
}

/// Whether a refusal that was just counted is to be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogDecision {
    /// It is to be logged. `suppressed` refusals of its kind were counted but not logged since the last logged one.
    Log {
        /// The number that was not logged.
        suppressed: u64,
    },
    /// It is not to be logged: too many of its kind were logged in this second.
    Suppress,
}

impl RefusalCounters {
    /// Counts a refusal.
    pub fn count(&mut self, kind: RefusalKind, now: Instant) -> LogDecision {
        let Some(counter) = self.kinds.get_mut(kind as usize) else {
            return LogDecision::Suppress;
        };
        counter.total += 1;
        if counter.second.is_none_or(|s| now.saturating_duration_since(s) >= Duration::from_secs(1)) {
            counter.second = Some(now);
            counter.logged = 0;
        }
        if counter.logged < LOGGED_PER_SECOND {
            counter.logged += 1;
            LogDecision::Log { suppressed: std::mem::take(&mut counter.suppressed) }
        } else {
            counter.suppressed += 1;
            LogDecision::Suppress
        }
    }

    /// The number of refusals of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.kinds.iter().map(|c| c.total).sum()
    }

    /// The number of refusals of each kind that occurred.
    pub fn by_kind(&self) -> impl Iterator<Item = (RefusalKind, u64)> {
        RefusalKind::ALL
            .into_iter()
            .zip(self.kinds)
            .map(|(kind, counter)| (kind, counter.total))
            .filter(|(_, total)| *total > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_completely_and_logged_in_part() {
        let (mut counters, start) = (RefusalCounters::default(), Instant::now());
        let at = |n: u64| start + Duration::from_millis(n);
        let logged =
            (0..3_000).filter(|n| counters.count(RefusalKind::Malformed, at(*n)) != LogDecision::Suppress).count();
        assert_eq!(logged, 15);
        assert_eq!(counters.count(RefusalKind::Malformed, at(3_000)), LogDecision::Log { suppressed: 995 });
        assert_eq!(counters.count(RefusalKind::Path, at(3_000)), LogDecision::Log { suppressed: 0 });
        assert_eq!(counters.total(), 3_002);
        assert_eq!(counters.by_kind().collect::<Vec<_>>(), [(RefusalKind::Malformed, 3_001), (RefusalKind::Path, 1)]);
    }

    #[test]
    fn every_kind_has_its_own_count() {
        for (n, kind) in RefusalKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, n);
        }
    }
}
