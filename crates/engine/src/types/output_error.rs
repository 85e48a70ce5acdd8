//! Why an output could not be opened, or went away for good.

use std::error::Error as StdError;
use std::fmt;
use std::io;

/// What a program can do about an [`OutputError`]. The engine, if there was one, keeps its state; nothing is heard from this
/// output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutputErrorKind {
    /// There is no such device, no default device, no sound system, or no such folder. Connect it, or choose another: the
    /// message names those there are.
    NotFound,
    /// Another program uses the device. Close that program or choose another device, then try again.
    Busy,
    /// The system does not allow it. On Linux, the user may have to be in the group `audio`.
    PermissionDenied,
    /// The device, or the ending of a file's name, needs a format that the engine does not have. Choose another.
    Unsupported,
    /// The sound system or the disk did not answer in time. Try again later.
    TimedOut,
    /// There is no room left for a file. Make room, or choose another folder.
    StorageFull,
    /// The text is not the name of an output. The message says what is.
    InvalidName,
    /// The program was built without the feature of this crate that the output needs. Build it with that feature.
    FeatureDisabled,
    /// Something else; see the message and the source.
    Other,
}

/// Why an output could not be opened, or a recording not be finished.
///
/// The message names the output, the reason and, where there is one, a way out. What the system returned is the
/// [source](StdError::source); the message contains its text.
#[derive(Debug)]
pub struct OutputError {
    output: String,
    cause: Box<Cause>,
}

impl OutputError {
    /// An error of the output called `output`; `message` is the reason as a user should read it.
    pub fn new(output: impl Into<String>, kind: OutputErrorKind, message: impl Into<String>) -> Self {
        Cause::new(kind, message).of(output)
    }

    #[cfg(feature = "device")]
    pub(crate) fn into_cause(self) -> Cause {
        let named = self.to_string();
        self.cause.map_message(|_| named)
    }

    /// What can be done about it.
    pub const fn kind(&self) -> OutputErrorKind {
        self.cause.kind
    }

    /// The output, as a user names it: `device:NAME`, `file:PATH`.
    pub fn output(&self) -> &str {
        &self.output
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no sound from {}: {}", self.output, self.cause.message)
    }
}

impl StdError for OutputError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.source.as_deref().map(|source| source as _)
    }
}

/// Why an output does not work, before it is known by which name the user knows the output.
#[derive(Debug)]
pub(crate) struct Cause {
    pub kind: OutputErrorKind,
    pub message: String,
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Cause {
    pub fn new(kind: OutputErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// A cause that is an error of its own; its text is the message.
    pub fn from_source(kind: OutputErrorKind, source: impl StdError + Send + Sync + 'static) -> Self {
        Self { kind, message: source.to_string(), source: Some(Box::new(source)) }
    }

    /// The same with a message made of the one it has.
    pub fn map_message(mut self, change: impl FnOnce(&str) -> String) -> Self {
        self.message = change(&self.message);
        self
    }

    /// Several causes as one, with the kind and the source of the first whose kind is known.
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

    /// The device or the engine cannot do that.
    #[cfg(feature = "device")]
    pub fn unsupported(source: impl StdError + Send + Sync + 'static) -> Self {
        Self::from_source(OutputErrorKind::Unsupported, source)
    }

    /// There is no device called `name`.
    #[cfg(feature = "device")]
    pub fn no_device(name: &str) -> Self {
        Self::new(OutputErrorKind::NotFound, format!("there is no device {name:?}"))
    }

    /// No thread was to be had.
    pub fn no_thread(source: io::Error) -> Self {
        Self::from_source(OutputErrorKind::Other, source).map_message(|text| format!("no thread for it: {text}"))
    }

    /// The error of the output called `output`.
    pub fn of(self, output: impl Into<String>) -> OutputError {
        OutputError { output: output.into(), cause: Box::new(self) }
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

impl OutputErrorKind {
    pub(crate) fn of_io(error: &io::Error) -> Self {
        use io::ErrorKind as K;
        match error.kind() {
            K::NotFound | K::ConnectionRefused => Self::NotFound,
            K::PermissionDenied | K::ReadOnlyFilesystem => Self::PermissionDenied,
            K::ResourceBusy => Self::Busy,
            K::TimedOut | K::WouldBlock => Self::TimedOut,
            K::StorageFull | K::QuotaExceeded | K::FileTooLarge => Self::StorageFull,
            _ => Self::Other,
        }
    }
}
