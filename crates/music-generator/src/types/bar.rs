//! Bars: what the composer hands to the player.

use super::note::Note;
use super::pitch::Pitch;
use super::ticks::Ticks;

/// A chord with the span in which it sounds.
#[derive(Clone, Debug, PartialEq)]
pub struct ChordSpan {
    /// When it begins.
    pub start: Ticks,
    /// How long it lasts.
    pub length: Ticks,
    /// Its name, as in `Am9`.
    pub name: String,
    /// Its root.
    pub root: Pitch,
    /// Pitch classes that are outside the scale of the section: borrowed notes.
    pub borrowed: Vec<u8>,
}

/// One bar of the score.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bar {
    /// Its number, from 0.
    pub number: u64,
    /// When it begins.
    pub start: Ticks,
    /// Its length.
    pub length: Ticks,
    /// The tempo at its start, in quarter notes a minute.
    pub bpm: f64,
    /// The name of the section it belongs to, as in `A` or `break`.
    pub section: &'static str,
    /// The pitch classes of the scale of the section.
    pub scale: Vec<u8>,
    /// The name of the scale, as in `D dorian`.
    pub scale_name: String,
    /// The chords.
    pub chords: Vec<ChordSpan>,
    /// The notes, in the order of their start.
    pub notes: Vec<Note>,
}
