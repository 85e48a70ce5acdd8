//! Why something a client sent was not done.

use std::fmt;

pub use crowd_cli::path::quote;

/// What kind of thing went wrong; the unit of counting and of rate-limited logging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The datagram is larger than [`crate::guard::MAX_DATAGRAM`].
    TooLarge,
    /// Bundles or arrays nest deeper than [`crate::guard::MAX_NESTING`].
    TooDeep,
    /// The bytes are not OSC 1.0.
    Malformed,
    /// No method has this address.
    UnknownAddress,
    /// An argument is missing, surplus, of the wrong type or out of range.
    BadArgument,
    /// A path outside the media root.
    Path,
    /// A file that cannot be read or decoded.
    Load,
    /// A fine message at the wrong moment: nothing is loaded there, nothing is playing there.
    State,
    /// The server has no room for it now (too many subscribers, too much scheduled).
    Busy,
}

impl Kind {
    /// All kinds, in counting order.
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

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A message that was refused: it had no effect on the sound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    /// What kind of thing went wrong.
    pub kind: Kind,
    /// The OSC address it was about; empty when the bytes never got that far.
    pub address: String,
    /// What is wrong, with which value, and what would be right.
    pub text: String,
}

impl From<crowd_engine::Error> for Refusal {
    /// What the engine cannot do with the arguments of a message.
    fn from(error: crowd_engine::Error) -> Self {
        Self::of_bytes(Kind::BadArgument, error.to_string())
    }
}

impl Refusal {
    /// A refusal of a message to `address`.
    pub fn new(kind: Kind, address: &str, text: impl Into<String>) -> Self {
        Self { kind, address: quote(address), text: text.into() }
    }

    /// A refusal without an address: that of the message is filled in where it is known.
    pub fn of_bytes(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, address: String::new(), text: text.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_name() {
        let names: std::collections::HashSet<_> = Kind::ALL.iter().map(|k| k.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
    }
}
