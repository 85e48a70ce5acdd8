//! What is done first.

use std::time::{Duration, Instant};

/// So much earlier something of the same kind has to be for what runs to stop for it: else two that are equally urgent would
/// stop for each other at every step.
const MARGIN: Duration = Duration::from_millis(250);

/// How urgent work is, the most urgent first, and of one kind the earliest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A listener has run out of sound, at this time.
    OutOfSound(Instant),
    /// A listener has not heard anything yet, and came at this time.
    NothingYet(Instant),
    /// It is needed by this time.
    By(Instant),
    /// It may be of use some time; asked for at this time.
    Background(Instant),
}

impl Rank {
    /// Whether work of this rank is done now and what runs with the `other` rank later.
    pub fn outranks(self, other: Self) -> bool {
        match (self, other) {
            (Self::OutOfSound(this), Self::OutOfSound(other)) | (Self::By(this), Self::By(other)) => {
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
    fn silence_comes_before_a_start_a_start_before_what_is_due_and_that_before_the_rest() {
        let now = Instant::now();
        let later = now + Duration::from_secs(9);
        let order = [
            Rank::OutOfSound(now),
            Rank::OutOfSound(later),
            Rank::NothingYet(now),
            Rank::NothingYet(later),
            Rank::By(now),
            Rank::By(later),
            Rank::Background(now),
            Rank::Background(later),
        ];
        assert!(order.is_sorted());
        assert!(order.windows(2).all(|pair| pair[0].outranks(pair[1]) && !pair[1].outranks(pair[0])));
    }

    #[test]
    fn what_is_due_at_nearly_the_same_time_does_not_stop_each_other_and_starts_are_made_in_turn() {
        let now = Instant::now();
        let soon = now + Duration::from_millis(100);
        assert!(!Rank::By(now).outranks(Rank::By(soon)) && !Rank::OutOfSound(now).outranks(Rank::OutOfSound(soon)));
        assert!(Rank::NothingYet(now).outranks(Rank::NothingYet(soon)));
        assert!(!Rank::NothingYet(now).outranks(Rank::NothingYet(now)));
    }
}
