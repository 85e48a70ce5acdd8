//! The errors with which the program ends with status 1.

use crate::net::NetError;
use crate::score_render::RenderError;
use crowd_cli::secret::SecretError;
use crowd_engine::DeckId;
use std::io;
use std::path::Path;

/// An error with which the program ends with status 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine or its output cannot be started.
    #[error(transparent)]
    Engine(#[from] crowd_engine::Error),
    /// A score cannot be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The server cannot listen.
    #[error(transparent)]
    Net(#[from] NetError),
    /// There is no password for the broadcast.
    #[error(transparent)]
    BroadcastPassword(#[from] SecretError),
    /// The output ended while the server ran.
    #[error("{0}")]
    OutputEnded(String),
    /// A file of the command line cannot be used.
    #[error("{what} {path}: {cause}")]
    File {
        /// The flag, or a word for the file.
        what: &'static str,
        /// The path.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// A file of `--a` to `--d` cannot be used.
    #[error("--{}: {cause}", deck.to_string().to_ascii_lowercase())]
    StartupFile {
        /// The deck into which it is loaded.
        deck: DeckId,
        /// What is wrong with the path.
        cause: String,
    },
    /// Any other error of the system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Error {
    pub(super) fn file(what: &'static str, path: &Path, cause: impl ToString) -> Self {
        Self::File { what, path: path.display().to_string(), cause: cause.to_string() }
    }
}
