//! The order in which work is done.

use std::time::{Duration, Instant};

/// Work interrupts other work of the same kind only when it is due earlier by more than this. Without this margin, two items that are due
/// at nearly the same time would interrupt each other at every check.
const MARGIN: Duration = Duration::from_millis(250);

/// How urgent work is: the most urgent kind first, and within a kind the earliest time first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A listener has had no sound since this time.
    Underrun(Instant),
    /// A listener that arrived at this time has had no sound yet.
    Start(Instant),
    /// The result is needed by this time.
    Due(Instant),
    /// The result has no deadline. It was requested at this time.
    Background(Instant),
}

impl Rank {
    /// Whether work of this rank interrupts running work of the `other` rank.
    pub fn outranks(self, other: Self) -> bool {
        match (self, other) {
            (Self::Underrun(this), Self::Underrun(other)) | (Self::Due(this), Self::Due(other)) => {
                this + MARGIN < other
            }
            _ => self < other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn underruns_come_before_starts_starts_before_deadlines_and_those_before_the_background() {
        let now = Instant::now();
        let later = now + Duration::from_secs(9);
        let order = [
            Rank::Underrun(now),
            Rank::Underrun(later),
            Rank::Start(now),
            Rank::Start(later),
            Rank::Due(now),
            Rank::Due(later),
            Rank::Background(now),
            Rank::Background(later),
        ];
        assert!(order.is_sorted());
        assert!(order.windows(2).all(|pair| pair[0].outranks(pair[1]) && !pair[1].outranks(pair[0])));
    }

    #[test]
    fn work_that_is_due_at_nearly_the_same_time_is_not_interrupted_and_starts_run_by_arrival() {
        let now = Instant::now();
        let soon = now + Duration::from_millis(100);
        assert!(!Rank::Due(now).outranks(Rank::Due(soon)) && !Rank::Underrun(now).outranks(Rank::Underrun(soon)));
        assert!(Rank::Start(now).outranks(Rank::Start(soon)));
        assert!(!Rank::Start(now).outranks(Rank::Start(now)));
    }
}
