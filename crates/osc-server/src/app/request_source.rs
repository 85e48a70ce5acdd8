//! The origin of a message, and the source of a request whose result comes later.

use std::net::SocketAddr;

/// Where a message came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A client, which gets replies.
    Client(SocketAddr),
    /// A line of a score.
    Score(usize),
    /// The command line.
    CommandLine,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Client(address) => address.fmt(f),
            Self::Score(line) => write!(f, "line {line}"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// The source of a request that takes time. If the request is refused later, the refusal is sent to the origin and names
/// the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestSource {
    /// Where the message came from.
    pub origin: Origin,
    /// The OSC address of the message.
    pub address: &'static str,
}
