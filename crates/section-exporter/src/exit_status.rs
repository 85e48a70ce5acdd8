//! The exit status of a run.

use crowd_cli::ExitReason;

/// The exit reason of a run. `selected` is the number of selected tracks, and `failed` the number of excerpts that failed.
/// `all_written` is false when a table, report, playlist or collection could not be written.
pub fn exit_status(selected: usize, failed: usize, all_written: bool) -> ExitReason {
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
    fn a_failure_has_its_own_status_and_so_has_an_empty_selection() {
        let status = |selected, failed, written| exit_status(selected, failed, written).status();
        assert_eq!([status(2, 0, true), status(2, 1, true), status(2, 0, false)], [0, 1, 1]);
        assert_eq!([status(0, 0, true), status(0, 0, false)], [3, 1]);
    }
}
