//! Who asked for something, and with which message.

use std::net::SocketAddr;

/// Who asked for something, and so hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A client: gets replies.
    Sender(SocketAddr),
    /// A line of a score.
    Score(usize),
    /// The command line.
    CommandLine,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sender(address) => address.fmt(f),
            Self::Score(line) => write!(f, "line {line}"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// Who asked for something that takes its time, and with which message: what a refusal later on is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Who.
    pub origin: Origin,
    /// The address of the message.
    pub by: &'static str,
}
