//! One error type for the whole engine.

use super::frames::Frames;
use super::ids::DeckId;

/// Short for what most functions here return.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, what became of the sound, and what to do about it.
///
/// Nothing here is ever raised on the audio thread: what goes wrong there is counted in
/// [`Status`](crate::Status) and told as an [`Event`](crate::Event).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A number was not finite or outside its range. Nothing was changed; send a value from the range.
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
    /// A deck was named that cannot exist. Nothing was changed.
    #[error("there is no deck {name:?}: decks are letters from A")]
    UnknownDeck {
        /// The name as given, shortened.
        name: String,
    },
    /// The deck or stem lies outside what this engine was built with. Nothing was changed.
    #[error("deck {deck} stem {stem} does not exist: this engine has {decks} decks of {stems} stems")]
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
    /// The command ring is full: the audio thread has not taken anything for some time, or too much was sent
    /// at once. The sound goes on and nothing of this group was sent; send it again after the next block.
    #[error(
        "the command queue is full ({capacity} commands): nothing of this group was sent; try again after the next block"
    )]
    QueueFull {
        /// Commands the ring holds.
        capacity: usize,
    },
    /// Too many commands wait for their moment. The sound goes on; send this one when earlier ones were due.
    #[error("{capacity} commands already wait for their moment: send this one nearer to its time")]
    ScheduleFull {
        /// Commands that may wait.
        capacity: usize,
    },
    /// The samples given for a track cannot be one.
    #[error("not a track: {cause}")]
    BadTrack {
        /// Why.
        cause: String,
    },
    /// The marks given for a beat grid cannot be one.
    #[error("not a beat grid: {cause}")]
    BadGrid {
        /// Which mark, and why.
        cause: String,
    },
    /// A setting of the [`Builder`](crate::Builder) is not possible.
    #[error("the setting {what} is not possible: {cause}")]
    BadConfig {
        /// The setting.
        what: &'static str,
        /// Why, and what is possible.
        cause: String,
    },
    /// An output could not be opened, or went away for good. The engine keeps its state.
    #[error("no sound from {output}: {cause}")]
    Output {
        /// The output as the user knows it.
        output: String,
        /// Why, and the way out.
        cause: String,
    },
    /// The input of a [`Chunked`](crate::chunk::Chunked) could not be read. The chunk is not complete; make it again.
    #[error("the input cannot be read at {frame}: {cause}")]
    Unreadable {
        /// The first frame that was wanted.
        frame: Frames,
        /// What the input said.
        cause: String,
    },
    /// A file could not be read or written.
    #[cfg(feature = "decode")]
    #[error(transparent)]
    Media(#[from] crowd_media::Error),
}
