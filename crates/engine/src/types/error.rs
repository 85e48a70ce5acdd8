//! One error type for the whole engine.

use super::error_reasons::{BeatGridError, SettingError, TimeMapError, TrackError};
use super::frames::Frames;
use super::ids::DeckId;
use super::output_error::OutputError;

/// The type that most functions of this crate return.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason why the engine did not carry out a call.
///
/// The doc of each kind says what effect the error has on the sound, and what to do. No such error comes from the audio thread:
/// problems there are counted in [`Status`](crate::Status) and reported as an [`Event`](crate::Event).
///
/// The message of an error contains that of its [`source`](std::error::Error::source). So a program that prints chains of errors
/// should print only the first message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A number was not finite or outside its range. Nothing was changed. Give a value in the range.
    #[error("{what} {value}{unit} is out of range: give {low} to {high}{unit}")]
    OutOfRange {
        /// The quantity.
        what: &'static str,
        /// The unit, as it is printed.
        unit: &'static str,
        /// The value that was given.
        value: f64,
        /// The smallest value allowed.
        low: f64,
        /// The largest value allowed.
        high: f64,
    },
    /// A text names no deck. Nothing was changed. Decks are letters from A to P.
    #[error("there is no deck {name:?}: decks are letters from A")]
    #[non_exhaustive]
    UnknownDeck {
        /// The name as given, shortened.
        name: String,
    },
    /// A text names no [`StretchMethod`](crate::StretchMethod). Nothing was changed. Give one of the names of the methods.
    #[error("there is no stretch method {name:?}: give one of {known}")]
    #[non_exhaustive]
    UnknownMethod {
        /// The name as given, shortened.
        name: String,
        /// The names of all methods.
        known: String,
    },
    /// The engine has no such deck or stem. Nothing was changed. [`Builder::decks`](crate::Builder::decks) and
    /// [`Builder::stems`](crate::Builder::stems) set their numbers.
    #[error("deck {deck} stem {stem} does not exist: this engine has {decks} decks of {stems} stems")]
    #[non_exhaustive]
    NoSuchStem {
        /// The deck that was named.
        deck: DeckId,
        /// The index of the stem that was named.
        stem: usize,
        /// The number of decks of this engine.
        decks: usize,
        /// The number of stems of each deck.
        stems: usize,
    },
    /// The command queue is full: the audio thread has taken no command for some time, or too many were sent at once. The sound
    /// continues, and no command of this group was sent. Send the group again after the next block.
    #[error(
        "the command queue is full ({capacity} commands): nothing of this group was sent; try again after the next block"
    )]
    #[non_exhaustive]
    QueueFull {
        /// The number of commands for which the queue has room.
        capacity: usize,
    },
    /// Too many commands wait for their moment. The sound continues, and no command of this group was sent. Send the group when
    /// earlier commands have acted.
    #[error("{capacity} commands already wait for their moment: send this one nearer to its time")]
    #[non_exhaustive]
    ScheduleFull {
        /// The number of commands that may wait.
        capacity: usize,
    },
    /// The given samples cannot be a track. No track was made. The sound continues.
    #[error("not a track: {0}")]
    Track(#[from] TrackError),
    /// The given marks cannot be a beat grid. No grid was made. The sound continues.
    #[error("not a beat grid: {0}")]
    BeatGrid(#[from] BeatGridError),
    /// A span of a track cannot be brought to a tempo. Nothing was exported.
    #[error("the span cannot be brought to that tempo: {0}")]
    TimeMap(#[from] TimeMapError),
    /// A setting is not possible. Nothing was made with it. The reason says what is possible.
    #[error("the setting {0}")]
    Setting(#[from] SettingError),
    /// An output could not be opened, or a recording could not be finished. [`OutputError`] says why and what to do.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// An [`Input`](crate::feed::Input) could not be read. The sound that was made from it before the error is right. To try again,
    /// begin anew.
    #[error("the input cannot be read at frame {frame}: {source}")]
    Read {
        /// The first frame that could not be read.
        frame: Frames,
        /// The error of the input.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system could not start a thread. Nothing was started. The sound of other engines continues.
    #[error("no thread {purpose}: {source}")]
    #[non_exhaustive]
    Thread {
        /// The purpose of the thread.
        purpose: &'static str,
        /// The error of the system.
        source: std::io::Error,
    },
    /// A file could not be read or written. The sound continues.
    #[cfg(feature = "decode")]
    #[error(transparent)]
    Media(#[from] crowd_media::Error),
}
