//! What programs end with, and what they say then: one rule for all.
//!
//! A failure is one line on standard error, `program: what is wrong: why: what to do`, and status 1; a command line that cannot be
//! done as it is ends with 2, as one that cannot be read does.

use std::error::Error;
use std::process::ExitCode;

/// How a program ended that has nothing more to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It did what it was asked for: 0.
    Done,
    /// Some of it could not be done, which was told: 1.
    Failed,
    /// There was nothing to do: 3.
    Empty,
    /// It was done from a file that is damaged, which was told: something of it is missing, or silent: 4.
    Damaged,
}

impl Ending {
    /// Of what was done from files that are `whole`, or not.
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

/// A command line that cannot be done as it is, with the way out: nothing was done, and the status is 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl Refused {
    /// For what an error says.
    pub fn because(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Ends `program`: an error is told on standard error.
pub fn end(program: &str, result: Result<Ending, impl Into<Box<dyn Error>>>) -> ExitCode {
    end_by(result, |error| eprintln!("{program}: {error}"))
}

/// Ends a program that tells of an error in its own way.
pub(crate) fn end_by(result: Result<Ending, impl Into<Box<dyn Error>>>, tell: impl FnOnce(&str)) -> ExitCode {
    ExitCode::from(result.map(Ending::status).unwrap_or_else(|error| {
        let error = error.into();
        tell(&with_causes(&*error));
        if error.is::<Refused>() { 2 } else { 1 }
    }))
}

/// What an error says, and those of its causes that it does not tell itself.
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
    enum Broken {
        #[error("the first")]
        First(#[source] Box<Self>),
        #[error("the second: {0}")]
        Second(#[source] Box<Self>),
        #[error("the third")]
        Third,
    }

    #[test]
    fn an_error_is_told_with_its_causes_and_none_twice() {
        let error = Broken::First(Broken::Second(Broken::Third.into()).into());
        assert_eq!(with_causes(&error), "the first: the second: the third");
    }

    #[test]
    fn a_failure_is_told_and_has_the_status_of_its_kind() {
        let end = |result: Result<Ending, Box<dyn Error>>| {
            let mut told = String::new();
            (format!("{:?}", end_by(result, |error| error.clone_into(&mut told))), told)
        };
        let code = |status: u8| format!("{:?}", ExitCode::from(status));
        let nothing = String::new;
        assert_eq!(end(Ok(Ending::Done)), (code(0), nothing()));
        assert_eq!(end(Ok(Ending::Failed)), (code(1), nothing()));
        assert_eq!(end(Ok(Ending::Empty)), (code(3), nothing()));
        assert_eq!(end(Ok(Ending::of_files(false))), (code(4), nothing()));
        assert_eq!(end(Err(Broken::Third.into())), (code(1), "the third".to_owned()));
        assert_eq!(end(Err(Refused::because("give another").into())), (code(2), "give another".to_owned()));
    }
}
