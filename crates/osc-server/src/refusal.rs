//! The error with which a message of a client is refused.

use std::fmt;

pub use crowd_cli::path::quote;

/// The kind of a refusal. Refusals are counted by kind, and the rate of log lines is limited for each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The datagram is larger than [`crate::datagram::MAX_DATAGRAM`].
    TooLarge,
    /// Bundles or arrays nest deeper than [`crate::datagram::MAX_NESTING`].
    TooDeep,
    /// The bytes are not OSC 1.0.
    Malformed,
    /// There is no handler of this address.
    UnknownAddress,
    /// An argument is missing, surplus, of the wrong type or out of range.
    BadArgument,
    /// The path is outside the media root, or there is no such file.
    Path,
    /// The file cannot be read or decoded.
    Load,
    /// The message is valid, but not in the present state: for example, nothing is loaded or plays there.
    State,
    /// A limit is reached: for example, there are too many subscribers or scheduled actions.
    Busy,
}

impl RefusalKind {
    /// All kinds, in the order of their counters.
    pub const ALL: [Self; 9] = [
        Self::TooLarge,
        Self::TooDeep,
        Self::Malformed,
        Self::UnknownAddress,
        Self::BadArgument,
        Self::Path,
        Self::Load,
        Self::State,
        Self::Busy,
    ];

    /// A short lower-case name for logs and replies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::Malformed => "malformed",
            Self::UnknownAddress => "unknown_address",
            Self::BadArgument => "bad_argument",
            Self::Path => "path",
            Self::Load => "load",
            Self::State => "state",
            Self::Busy => "busy",
        }
    }
}

impl fmt::Display for RefusalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The refusal of a message, which then has had no effect on the sound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    /// The kind of the refusal.
    pub kind: RefusalKind,
    /// The OSC address of the message; empty when it could not be read.
    pub address: String,
    /// What is wrong, with the value, and what is valid.
    pub text: String,
}

impl From<crowd_engine::Error> for Refusal {
    /// The refusal of a message whose arguments are not possible in the engine.
    fn from(error: crowd_engine::Error) -> Self {
        Self::without_address(RefusalKind::BadArgument, error.to_string())
    }
}

impl Refusal {
    /// A refusal of a message to `address`.
    pub fn new(kind: RefusalKind, address: &str, text: impl Into<String>) -> Self {
        Self { kind, address: quote(address), text: text.into() }
    }

    /// A refusal without an address. A caller for which the address of the message is known fills it in.
    pub fn without_address(kind: RefusalKind, text: impl Into<String>) -> Self {
        Self { kind, address: String::new(), text: text.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_name() {
        let names: std::collections::HashSet<_> = RefusalKind::ALL.iter().map(|k| k.name()).collect();
        assert_eq!(names.len(), RefusalKind::ALL.len());
    }
}
