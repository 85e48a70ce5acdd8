//! What a run ends with, for scripts.

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
    /// Of a run over `selected` tracks, with so many excerpts that failed; `all_written` tells of tables and the like.
    pub fn of(selected: usize, failed: usize, all_written: bool) -> Self {
        if !all_written || failed > 0 {
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

    #[test]
    fn a_failure_wins_over_everything_and_nothing_selected_is_told_apart() {
        let status = |selected, failed, written| Ending::of(selected, failed, written).status();
        assert_eq!([status(2, 0, true), status(2, 1, true), status(2, 0, false)], [0, 1, 1]);
        assert_eq!([status(0, 0, true), status(0, 0, false)], [3, 1]);
    }
}
