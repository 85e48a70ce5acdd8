//! One error type for the whole engine.

use super::error_reasons::{BeatGridError, SettingError, TimeMapError, TrackError};
use super::frames::Frames;
use super::ids::DeckId;
use super::output_error::OutputError;

/// Short for what most functions here return.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the engine did not do what was asked of it.
///
/// Each kind says what became of the sound and what to do. Nothing here is ever raised on the audio thread: what goes wrong
/// there is counted in [`Status`](crate::Status) and reported as an [`Event`](crate::Event). The message of an error
/// contains that of its [`source`](std::error::Error::source); a program that prints chains of errors prints the first only.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A number was not finite or outside its range. Nothing was changed; give a value from the range.
    #[error("{what} {value}{unit} is out of range: give {low} to {high}{unit}")]
    OutOfRange {
        /// The quantity.
        what: &'static str,
        /// Its unit as printed.
        unit: &'static str,
        /// The offending value.
        value: f64,
        /// The smallest value allowed.
        low: f64,
        /// The largest value allowed.
        high: f64,
    },
    /// A text names no deck. Nothing was changed; decks are letters from A to P.
    #[error("there is no deck {name:?}: decks are letters from A")]
    #[non_exhaustive]
    UnknownDeck {
        /// The name as given, shortened.
        name: String,
    },
    /// A text names no [`StretchMethod`](crate::StretchMethod). Nothing was changed; give one of the names it has.
    #[error("there is no stretch method {name:?}: give one of {known}")]
    #[non_exhaustive]
    UnknownMethod {
        /// The name as given, shortened.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The engine was not built with such a deck or stem. Nothing was changed; see [`Builder::decks`](crate::Builder::decks)
    /// and [`Builder::stems`](crate::Builder::stems).
    #[error("deck {deck} stem {stem} does not exist: this engine has {decks} decks of {stems} stems")]
    #[non_exhaustive]
    NoSuchStem {
        /// The deck asked for.
        deck: DeckId,
        /// The stem index asked for.
        stem: usize,
        /// Decks of this engine.
        decks: usize,
        /// Stems of each deck.
        stems: usize,
    },
    /// The command queue is full: the audio thread has not taken anything for some time, or too much was sent
    /// at once. The sound goes on and nothing of this group was sent; send it again after the next block.
    #[error(
        "the command queue is full ({capacity} commands): nothing of this group was sent; try again after the next block"
    )]
    #[non_exhaustive]
    QueueFull {
        /// Commands the queue holds.
        capacity: usize,
    },
    /// Too many commands wait for their moment. The sound goes on and nothing of this group was sent; send it when earlier
    /// commands have acted.
    #[error("{capacity} commands already wait for their moment: send this one nearer to its time")]
    #[non_exhaustive]
    ScheduleFull {
        /// Commands that may wait.
        capacity: usize,
    },
    /// The samples given for a track cannot be one. There is no track; the sound goes on.
    #[error("not a track: {0}")]
    Track(#[from] TrackError),
    /// The marks given for a beat grid cannot be one. There is no grid; the sound goes on.
    #[error("not a beat grid: {0}")]
    BeatGrid(#[from] BeatGridError),
    /// A span of a track cannot be brought to a tempo. Nothing was exported.
    #[error("the span cannot be brought to that tempo: {0}")]
    TimeMap(#[from] TimeMapError),
    /// A setting is not possible. Nothing was made with it; the reason says what is possible.
    #[error("the setting {0}")]
    Setting(#[from] SettingError),
    /// An output could not be opened, or a recording not be finished. [`OutputError`] says why and what to do.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// An [`Input`](crate::feed::Input) could not be read. What was made of it until then is right; begin again to try again.
    #[error("the input cannot be read at frame {frame}: {source}")]
    Read {
        /// The first frame that could not be read.
        frame: Frames,
        /// What the input returned.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system refused a thread. Nothing was started; the sound of other engines goes on.
    #[error("no thread {purpose}: {source}")]
    #[non_exhaustive]
    Thread {
        /// What it was to do.
        purpose: &'static str,
        /// What the system returned.
        source: std::io::Error,
    },
    /// A file could not be read or written. The sound goes on.
    #[cfg(feature = "decode")]
    #[error(transparent)]
    Media(#[from] crowd_media::Error),
}
