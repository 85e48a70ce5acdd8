//! The cause of an output's failure, as the modules of an output return it.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use crate::types::output_error::{OutputError, OutputErrorKind};

/// The cause of an output's failure: an [`OutputError`] without the name of the output.
#[derive(Debug)]
pub(crate) struct Cause {
    pub kind: OutputErrorKind,
    pub message: String,
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Cause {
    #[cfg(any(feature = "device", feature = "decode"))]
    pub fn new(kind: OutputErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// A cause that is another error. The text of that error is the message.
    pub fn from_source(kind: OutputErrorKind, source: impl StdError + Send + Sync + 'static) -> Self {
        Self { kind, message: source.to_string(), source: Some(Box::new(source)) }
    }

    /// The same cause with another message, which `change` makes from the present one.
    pub fn map_message(mut self, change: impl FnOnce(&str) -> String) -> Self {
        self.message = change(&self.message);
        self
    }

    /// Joins several causes to one. It has the kind and the source of the first cause whose kind is known.
    #[cfg(feature = "device")]
    pub fn join(causes: impl IntoIterator<Item = Self>) -> Self {
        let mut joined = Self::new(OutputErrorKind::Other, "");
        for cause in causes {
            if joined.kind == OutputErrorKind::Other {
                (joined.kind, joined.source) = (cause.kind, cause.source.or(joined.source));
            }
            if !joined.message.is_empty() {
                joined.message.push_str("; ");
            }
            joined.message.push_str(&cause.message);
        }
        joined
    }

    /// The cause when the device or the engine does not support the request.
    #[cfg(feature = "device")]
    pub fn unsupported(source: impl StdError + Send + Sync + 'static) -> Self {
        Self::from_source(OutputErrorKind::Unsupported, source)
    }

    /// The cause when there is no device called `name`.
    #[cfg(feature = "device")]
    pub fn no_device(name: &str) -> Self {
        Self::new(OutputErrorKind::NotFound, format!("there is no device {name:?}"))
    }

    /// The cause when no thread could be started.
    pub fn no_thread(source: io::Error) -> Self {
        Self::from_source(OutputErrorKind::Other, source)
            .map_message(|text| format!("no thread could be started: {text}"))
    }

    /// The error of the output called `output`.
    pub fn of(self, output: impl Into<String>) -> OutputError {
        let Self { kind, message, source } = self;
        OutputError { output: output.into(), kind, message, source }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Self::from_source(OutputErrorKind::of_io(&error), error)
    }
}

#[cfg(feature = "device")]
impl From<OutputError> for Cause {
    /// With the name of the output in the message.
    fn from(error: OutputError) -> Self {
        Self { kind: error.kind, message: error.to_string(), source: error.source }
    }
}
