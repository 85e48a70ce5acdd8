//! The exit status and the error line of programs, the same for all.
//!
//! A failure is reported in one line on standard error, `program: what is wrong: why: what to do`, and the status is 1. For a command
//! line that cannot be parsed or carried out, the status is 2.

use std::error::Error;
use std::process::ExitCode;

/// The reason for which a program exits without an error line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// Status 0: everything is done.
    Done,
    /// Status 1: some of it failed, which was reported already.
    Failed,
    /// Status 3: there was nothing to do.
    Empty,
    /// Status 4: everything is done, but a file is damaged, which was reported already. Some of its sound is missing or silent.
    Damaged,
}

impl ExitReason {
    /// `Done`, or `Damaged` when not all files are `whole`.
    pub const fn of_files(whole: bool) -> Self {
        if whole { Self::Done } else { Self::Damaged }
    }

    /// The exit status.
    pub const fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Empty => 3,
            Self::Damaged => 4,
        }
    }
}

/// A command line that cannot be carried out, with advice. Nothing was done, and the status is 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

impl UsageError {
    /// A usage error with the text of another error.
    pub fn from_error(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// The exit code of `program`, whose error is printed on standard error.
pub fn exit(program: &str, result: Result<ExitReason, impl Into<Box<dyn Error>>>) -> ExitCode {
    exit_with(result, |error| eprintln!("{program}: {error}"))
}

/// The exit code of a program, whose error is reported by `report`.
pub(crate) fn exit_with(result: Result<ExitReason, impl Into<Box<dyn Error>>>, report: impl FnOnce(&str)) -> ExitCode {
    ExitCode::from(result.map(ExitReason::status).unwrap_or_else(|error| {
        let error = error.into();
        report(&with_causes(&*error));
        if error.is::<UsageError>() { 2 } else { 1 }
    }))
}

/// The text of an error, followed by the texts of its causes that it does not contain already.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    for cause in causes.map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum ChainedError {
        #[error("the first")]
        First(#[source] Box<Self>),
        #[error("the second: {0}")]
        Second(#[source] Box<Self>),
        #[error("the third")]
        Third,
    }

    #[test]
    fn an_error_is_printed_with_its_causes_and_none_twice() {
        let error = ChainedError::First(ChainedError::Second(ChainedError::Third.into()).into());
        assert_eq!(with_causes(&error), "the first: the second: the third");
    }

    #[test]
    fn a_failure_is_printed_and_has_the_status_of_its_kind() {
        let exit = |result: Result<ExitReason, Box<dyn Error>>| {
            let mut printed = String::new();
            (format!("{:?}", exit_with(result, |error| error.clone_into(&mut printed))), printed)
        };
        let code = |status: u8| format!("{:?}", ExitCode::from(status));
        let nothing = String::new;
        assert_eq!(exit(Ok(ExitReason::Done)), (code(0), nothing()));
        assert_eq!(exit(Ok(ExitReason::Failed)), (code(1), nothing()));
        assert_eq!(exit(Ok(ExitReason::Empty)), (code(3), nothing()));
        assert_eq!(exit(Ok(ExitReason::of_files(false))), (code(4), nothing()));
        assert_eq!(exit(Err(ChainedError::Third.into())), (code(1), "the third".to_owned()));
        assert_eq!(exit(Err(UsageError::from_error("give another").into())), (code(2), "give another".to_owned()));
    }
}
