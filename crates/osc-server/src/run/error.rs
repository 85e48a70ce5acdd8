//! Why the program ends with status 1.

use crate::net::NetError;
use crate::render::RenderError;
use crowd_engine::DeckId;
use std::io;
use std::path::Path;

/// Why the program ends with status 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine or its output.
    #[error(transparent)]
    Engine(#[from] crowd_engine::Error),
    /// The rendering.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The network.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The output, while it played.
    #[error("{0}")]
    Ended(String),
    /// A file the user named.
    #[error("{what} {path}: {cause}")]
    File {
        /// What it was to be.
        what: &'static str,
        /// The path.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// Music the user named.
    #[error("--{}: {cause}", deck.to_string().to_ascii_lowercase())]
    Music {
        /// The deck it was for.
        deck: DeckId,
        /// What is wrong with its path.
        cause: String,
    },
    /// The system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Error {
    pub(super) fn file(what: &'static str, path: &Path, cause: impl ToString) -> Self {
        Self::File { what, path: path.display().to_string(), cause: cause.to_string() }
    }
}
