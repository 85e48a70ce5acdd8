//! The files, gains and starts that the command line gives. They are applied before the first message.

use super::loader::LoadId;
use super::stem_start::StemStart;
use crate::ids::BufferId;
use crate::units::TimeAfterZero;
use crowd_engine::{DeckId, Gain, Rate};

/// A file of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartupFile {
    /// The deck into which it is loaded.
    pub deck: DeckId,
    /// The path, as the user wrote it.
    pub path: String,
    /// The id of its load.
    pub load: LoadId,
}

/// The files, gains and starts that the command line gives. They are applied before the first message.
#[derive(Debug, Clone, PartialEq)]
pub struct Startup {
    /// The files that are being loaded, each for the first buffer of a deck.
    pub files: Vec<StartupFile>,
    /// Whether deck C does not start with the other decks. It then starts at `c_at` or by a message.
    pub hold_c: bool,
    /// The time at which deck C starts.
    pub c_at: Option<TimeAfterZero>,
    /// The rate of the files.
    pub rate: Rate,
    /// The gain of the files.
    pub gain: Gain,
    /// The gains of the decks; `None` leaves 1.
    pub faders: [Option<Gain>; 4],
    /// Beats per bar.
    pub beats_per_bar: u8,
}

impl Startup {
    /// The start of a deck's file, which is repeated.
    pub(super) const fn start_of(&self, deck: DeckId) -> StemStart {
        StemStart::looped(BufferId::first_of(deck), self.rate, self.gain)
    }

    /// The starts that are performed as soon as all files are loaded.
    pub(super) fn initial_starts(&self) -> Vec<StemStart> {
        let decks = self.files.iter().map(|file| file.deck);
        decks.filter(|deck| *deck != DeckId::C || !self.hold_c).map(|deck| self.start_of(deck)).collect()
    }
}
