//! Counters of mishaps, told now and then.

use std::time::{Duration, Instant};

/// How often trouble of one kind is told at most.
const TROUBLE: Duration = Duration::from_secs(2);

/// A counter of mishaps, and how much of it was told.
#[derive(Default, Clone, Copy)]
pub(crate) struct Told {
    count: u64,
    at: Option<Instant>,
}

impl Told {
    /// How many are new, if it is time to tell; all of them are told then.
    pub(crate) fn news(&mut self, count: u64) -> Option<u64> {
        if count <= self.count || self.at.is_some_and(|at| at.elapsed() < TROUBLE) {
            return None;
        }
        self.at = Some(Instant::now());
        Some(count - std::mem::replace(&mut self.count, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_once_and_then_not_for_a_while() {
        let mut told = Told::default();
        assert_eq!(told.news(0), None);
        assert_eq!(told.news(3), Some(3));
        assert_eq!(told.news(9), None);
        told.at = Instant::now().checked_sub(TROUBLE);
        assert_eq!(told.news(9), Some(6));
    }
}
