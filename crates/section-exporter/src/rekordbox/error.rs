//! The errors of reading and writing a collection.

use std::path::PathBuf;

/// The reason why a collection cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RekordboxError {
    /// The file cannot be read or written.
    #[error("cannot read or write {}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        cause: String,
    },
    /// The text is not a valid collection.
    #[error(
        "line {line}: {cause}; export the collection from Rekordbox again (File > Export Collection in xml format)"
    )]
    Invalid {
        /// The line, from 1.
        line: usize,
        /// What is wrong in that line.
        cause: String,
    },
    /// There are cues for a track that does not exist.
    #[error("there is no track {track} in an export of {tracks}, counted from 0: read the file again")]
    NoTrack {
        /// The index of that track.
        track: usize,
        /// The number of tracks.
        tracks: usize,
    },
    /// The time of a cue is out of range.
    #[error("the cue {name:?} is at {seconds} s: give 0 to 86400 s")]
    BadCue {
        /// The name of the cue.
        name: String,
        /// Its time.
        seconds: String,
    },
}
