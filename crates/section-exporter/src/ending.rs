//! What a run ends with, for scripts.

use crate::export::Done;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All that was selected is exported, or there already: 0.
    Complete,
    /// Some of it is not, or a table or the like could not be written: 1.
    Failed,
    /// Nothing is selected: 3.
    Empty,
}

/// The status of a command line that cannot be done as it is: nothing was written.
pub const USAGE: u8 = 2;

impl Ending {
    /// Of a run over `selected` tracks; `done` is absent when it was only to be told what would be done, and `all_written`
    /// tells of tables and the like.
    pub fn of(selected: usize, done: Option<&Done>, all_written: bool) -> Self {
        if !all_written || done.is_some_and(|done| !done.failed.is_empty()) {
            Self::Failed
        } else if selected == 0 {
            Self::Empty
        } else {
            Self::Complete
        }
    }

    /// The exit status.
    pub const fn status(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Failed => 1,
            Self::Empty => 3,
        }
    }
}

/// A command line that cannot be done as it is, with the way out.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl Refused {
    /// For what an error says.
    pub fn because(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::State;
    use crate::task::Failure;

    #[test]
    fn a_failure_wins_over_everything_and_nothing_selected_is_told_apart() {
        let done = |failed: usize| {
            let failed = (0..failed).map(|nth| (nth, Failure::of(State::Foreign, "x".as_ref())));
            Done { parts: Vec::new(), failed: failed.collect() }
        };
        let status = |selected, failed, written| Ending::of(selected, Some(&done(failed)), written).status();
        assert_eq!([status(2, 0, true), status(2, 1, true), status(2, 0, false)], [0, 1, 1]);
        assert_eq!([status(0, 0, true), status(0, 0, false)], [3, 1]);
        assert_eq!([1, 0].map(|selected| Ending::of(selected, None, true).status()), [0, 3]);
    }
}
