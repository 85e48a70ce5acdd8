//! Counting refusals, and logging only so many of them.

use crate::refusal::Kind;
use std::time::{Duration, Instant};

/// How many refusals of one kind are logged in a second.
pub const LOGGED_PER_SECOND: u32 = 5;

/// Counts refusals by kind and says which ones to log.
#[derive(Debug, Default)]
pub struct Tally {
    kinds: [Count; Kind::ALL.len()],
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    total: u64,
    second: Option<Instant>,
    logged: u32,
    withheld: u64,
}

/// What to do with a refusal that was just counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Log it; this many of its kind were withheld since the last one that was logged.
    Log {
        /// How many were withheld.
        withheld: u64,
    },
    /// Too many of its kind were logged in this second.
    Withhold,
}

impl Tally {
    /// Counts a refusal.
    pub fn count(&mut self, kind: Kind, now: Instant) -> Verdict {
        let Some(count) = self.kinds.get_mut(kind as usize) else {
            return Verdict::Withhold;
        };
        count.total += 1;
        if count.second.is_none_or(|s| now.saturating_duration_since(s) >= Duration::from_secs(1)) {
            count.second = Some(now);
            count.logged = 0;
        }
        if count.logged < LOGGED_PER_SECOND {
            count.logged += 1;
            Verdict::Log { withheld: std::mem::take(&mut count.withheld) }
        } else {
            count.withheld += 1;
            Verdict::Withhold
        }
    }

    /// How many were refused, of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.kinds.iter().map(|c| c.total).sum()
    }

    /// How many of each kind were refused, without the kinds that never were.
    pub fn by_kind(&self) -> impl Iterator<Item = (Kind, u64)> {
        Kind::ALL.into_iter().zip(self.kinds).map(|(kind, count)| (kind, count.total)).filter(|(_, total)| *total > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_in_full_and_logged_in_part() {
        let (mut tally, start) = (Tally::default(), Instant::now());
        let at = |n: u64| start + Duration::from_millis(n);
        let logged = (0..3_000).filter(|n| tally.count(Kind::Malformed, at(*n)) != Verdict::Withhold).count();
        assert_eq!(logged, 15);
        assert_eq!(tally.count(Kind::Malformed, at(3_000)), Verdict::Log { withheld: 995 });
        assert_eq!(tally.count(Kind::Path, at(3_000)), Verdict::Log { withheld: 0 });
        assert_eq!(tally.total(), 3_002);
        assert_eq!(tally.by_kind().collect::<Vec<_>>(), [(Kind::Malformed, 3_001), (Kind::Path, 1)]);
    }

    #[test]
    fn every_kind_has_its_own_count() {
        for (n, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, n);
        }
    }
}
