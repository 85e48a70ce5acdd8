//! What a run ends with, for scripts.

use crowd_cli::ExitReason;

/// The ending of a run over `selected` tracks, with so many excerpts that failed; `all_written` tells of tables and the like.
pub fn ending(selected: usize, failed: usize, all_written: bool) -> ExitReason {
    if !all_written || failed > 0 {
        ExitReason::Failed
    } else if selected == 0 {
        ExitReason::Empty
    } else {
        ExitReason::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_wins_over_everything_and_nothing_selected_is_told_apart() {
        let status = |selected, failed, written| ending(selected, failed, written).status();
        assert_eq!([status(2, 0, true), status(2, 1, true), status(2, 0, false)], [0, 1, 1]);
        assert_eq!([status(0, 0, true), status(0, 0, false)], [3, 1]);
    }
}
