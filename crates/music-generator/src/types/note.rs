//! Notes.

use super::instrument::Instrument;
use super::pitch::Pitch;
use super::stem::Stem;
use super::ticks::Ticks;

/// A change of pitch within a note: a glide to the pitch of the note, along an S-curve in cents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glide {
    /// Semitones between the pitch at the start of the note and the note's own; negative when it rises.
    pub from: f32,
    /// When the glide begins, in milliseconds after the start of the note.
    pub after_ms: f32,
    /// How long it takes, in milliseconds. Glides do not follow the tempo.
    pub over_ms: f32,
}

/// One note of the score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// The stem it belongs to.
    pub stem: Stem,
    /// What plays it.
    pub instrument: Instrument,
    /// Its place on the grid, without swing and offset.
    pub start: Ticks,
    /// Its length; drums ignore it.
    pub length: Ticks,
    /// How much later than [`start`](Self::start) it is played, in milliseconds: swing, the offset of the voice, jitter, strum.
    pub late_ms: f32,
    /// Its pitch.
    pub pitch: Pitch,
    /// How hard it is played, 0 to 1.
    pub velocity: f32,
    /// The density from which on it sounds, 0 to 1: ornaments and ghost notes have high values, the backbone of a groove 0.
    pub from_density: f32,
    /// A glide into the note.
    pub glide: Option<Glide>,
    /// Whether it continues the note before it in the same voice without a new attack.
    pub legato: bool,
}
