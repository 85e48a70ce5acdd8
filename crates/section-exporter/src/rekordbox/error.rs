//! What cannot be read or written.

use std::path::PathBuf;

/// An export that cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RekordboxError {
    /// The file cannot be read or written.
    #[error("cannot read or write {}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// The text is no collection.
    #[error(
        "line {line}: {cause}; export the collection from Rekordbox again (File > Export Collection in xml format)"
    )]
    Bad {
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        cause: String,
    },
    /// Cues for a track that is not there.
    #[error("there is no track {track} in an export of {tracks}, counted from 0: read the file again")]
    NoTrack {
        /// The track asked for.
        track: usize,
        /// How many there are.
        tracks: usize,
    },
    /// A cue that is no place in a track.
    #[error("the cue {name:?} lies at {seconds} s: give 0 to 86400 s")]
    BadCue {
        /// What it is called.
        name: String,
        /// Where it was to lie.
        seconds: String,
    },
}
