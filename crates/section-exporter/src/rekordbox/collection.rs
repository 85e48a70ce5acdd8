//! The data of a Rekordbox collection.

use super::location::Location;
use super::playlist::Playlist;

/// A Rekordbox collection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collection {
    /// The tracks with a location, in the order of the file.
    pub tracks: Vec<CollectionTrack>,
    /// The playlists, in the order of the file.
    pub playlists: Vec<Playlist>,
    /// Notes about data that was left out because it could not be understood; at most 1,000.
    pub notes: Vec<CollectionNote>,
    /// The number of further notes.
    pub more_notes: usize,
}

/// A note about data in the file that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionNote {
    /// The line, from 1.
    pub line: usize,
    /// The data that was left out, and the reason.
    pub text: String,
}

/// A track of a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectionTrack {
    /// The location of the audio file.
    pub location: Location,
    /// Rekordbox's number of the track.
    pub id: Option<String>,
    /// The title.
    pub name: Option<String>,
    /// The artist.
    pub artist: Option<String>,
    /// The key as written.
    pub tonality: Option<String>,
    /// The average tempo in beats a minute, above 0.
    pub average_bpm: Option<RoundedNumber>,
    /// The length in seconds, above 0.
    pub seconds: Option<f64>,
    /// The beat grid: tempo marks in the order of their times.
    pub tempos: Vec<TempoMark>,
    /// The cues and loops, in the order of the file.
    pub marks: Vec<PositionMark>,
}

/// A number that was rounded to the decimals that it is written with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoundedNumber {
    /// The number.
    pub value: f64,
    /// The value of one unit in its last digit: 0.01 for "122.50".
    pub step: f64,
}

/// A TEMPO mark: the time of a beat, and the tempo from there on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TempoMark {
    /// The time in seconds (`Inizio`).
    pub seconds: f64,
    /// The tempo in beats a minute, above 0.
    pub bpm: RoundedNumber,
    /// Beats in a bar (`Metro`), 4 when the file has none.
    pub beats_per_bar: u8,
    /// The number of the beat in its bar (`Battito`): from 1 to `beats_per_bar`, 1 when the file has none.
    pub number: u8,
}

/// The kind of a position mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// Type 0.
    Cue,
    /// Type 1.
    FadeIn,
    /// Type 2.
    FadeOut,
    /// Type 3.
    Load,
    /// Type 4.
    Loop,
    /// Any other type.
    Other,
}

/// A cue or a loop.
#[derive(Clone, Debug, PartialEq)]
pub struct PositionMark {
    /// The name that the DJ gave it.
    pub name: String,
    /// Its kind.
    pub kind: MarkKind,
    /// Its time in seconds.
    pub start: f64,
    /// The end of a loop, in seconds.
    pub end: Option<f64>,
    /// The number of its hot cue, from 0; `None` for a memory cue.
    pub hot_cue: Option<u32>,
}
