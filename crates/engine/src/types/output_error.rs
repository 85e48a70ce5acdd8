//! The error of an output.

use std::error::Error as StdError;
use std::fmt;
use std::io;

/// The kind of an [`OutputError`], by which a program decides what to do. The output is silent. The engine keeps its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutputErrorKind {
    /// There is no such device, no default device, no sound system, or no such folder. Connect the device, or choose another output.
    /// The message names the available devices.
    NotFound,
    /// Another program uses the device. Close that program or choose another device, then try again.
    Busy,
    /// The system does not permit the use of the device or folder. On Linux, the user may have to be in the group `audio`.
    PermissionDenied,
    /// The device or the extension of a file needs a format that the engine does not support. Choose another device or extension.
    Unsupported,
    /// The sound system or the disk did not answer in time. Try again later.
    TimedOut,
    /// There is no room left for a file. Make room, or choose another folder.
    StorageFull,
    /// The text is not the name of an output. The message lists the possible forms.
    InvalidName,
    /// The program was built without the feature of this crate that the output needs. Build it with that feature.
    FeatureDisabled,
    /// Another reason, which the message and the source state.
    Other,
}

/// The reason why an output could not be opened, or why a recording could not be finished.
///
/// The message names the output, the reason and, if there is one, a remedy. The error of the system is the
/// [source](StdError::source). The message contains its text.
#[derive(Debug)]
pub struct OutputError {
    pub(crate) output: String,
    pub(crate) kind: OutputErrorKind,
    pub(crate) message: String,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl OutputError {
    /// An error of the output called `output`; `message` is the reason, worded for a user.
    pub fn new(output: impl Into<String>, kind: OutputErrorKind, message: impl Into<String>) -> Self {
        Self { output: output.into(), kind, message: message.into(), source: None }
    }

    /// What can be done about it.
    pub const fn kind(&self) -> OutputErrorKind {
        self.kind
    }

    /// The output, as a user names it: `device:NAME`, `file:PATH`.
    pub fn output(&self) -> &str {
        &self.output
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no sound from {}: {}", self.output, self.message)
    }
}

impl StdError for OutputError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
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
