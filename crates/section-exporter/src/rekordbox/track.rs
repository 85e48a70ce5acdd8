//! What a collection says.

use super::location::Location;
use super::playlist::Playlist;

/// A collection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rekordbox {
    /// The tracks with a location, in the order of the file.
    pub tracks: Vec<Track>,
    /// The playlists, in the order of the file.
    pub playlists: Vec<Playlist>,
    /// What could not be understood and was left out; at most 1,000 of them.
    pub notes: Vec<Note>,
    /// How many notes there were beyond those.
    pub more_notes: usize,
}

/// Something in the file that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The line, from 1.
    pub line: usize,
    /// What and why.
    pub text: String,
}

/// What the collection says about a track.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Where the audio lies.
    pub location: Location,
    /// Rekordbox' number of the track.
    pub id: Option<String>,
    /// The title.
    pub name: Option<String>,
    /// The artist.
    pub artist: Option<String>,
    /// The key as written.
    pub tonality: Option<String>,
    /// The average tempo in beats a minute, above 0.
    pub average_bpm: Option<Written>,
    /// The length in seconds, above 0.
    pub seconds: Option<f64>,
    /// The beat grid: tempo marks in the order of their places.
    pub tempos: Vec<Tempo>,
    /// The cues and loops there are, in the order of the file.
    pub marks: Vec<PositionMark>,
}

/// A number and how exactly it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Written {
    /// The number.
    pub value: f64,
    /// What one in its last digit is worth: 0.01 for "122.50".
    pub step: f64,
}

/// A TEMPO mark: a beat whose place is known, and the tempo from there on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tempo {
    /// Its place in seconds (`Inizio`).
    pub seconds: f64,
    /// The tempo in beats a minute, above 0.
    pub bpm: Written,
    /// The beats of a bar (`Metro`), 4 when it does not say.
    pub beats_per_bar: u8,
    /// Which beat of its bar it is (`Battito`): from 1 to `beats_per_bar`, 1 when it does not say.
    pub number: u8,
}

/// What a position mark is.
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

/// A cue, loop or the like.
#[derive(Clone, Debug, PartialEq)]
pub struct PositionMark {
    /// What the DJ calls it.
    pub name: String,
    /// What it is.
    pub kind: MarkKind,
    /// Its place in seconds.
    pub start: f64,
    /// Where a loop ends, in seconds.
    pub end: Option<f64>,
    /// The hot cue it lies on, from 0; absent for a memory cue.
    pub hot_cue: Option<u32>,
}
