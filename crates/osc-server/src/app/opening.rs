//! What the command line asks for before the first message.

use super::loader::Ticket;
use super::part::Part;
use crate::ids::BufferId;
use crate::units::Time;
use crowd_engine::{DeckId, Gain, Rate};

/// A file that was asked for before there was an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The deck it is for.
    pub deck: DeckId,
    /// The path, as it was spelled.
    pub path: String,
    /// Which load it is.
    pub ticket: Ticket,
}

/// What is loaded, set and started at the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// Files that are being loaded, each for the first buffer of a deck.
    pub files: Vec<Wanted>,
    /// Whether deck C waits for `c_at`, or for a message.
    pub hold_c: bool,
    /// When deck C starts.
    pub c_at: Option<Time>,
    /// Speed of the files.
    pub rate: Rate,
    /// Gain of the files.
    pub volume: Gain,
    /// Gains of the decks; `None` leaves 1.
    pub levels: [Option<Gain>; 4],
    /// Beats in a bar.
    pub meter: u8,
}

impl Opening {
    /// A deck's file, over and over.
    pub(super) const fn part(&self, deck: DeckId) -> Part {
        Part::repeated(BufferId::first_of(deck), self.rate, self.volume)
    }

    /// What starts as soon as everything is loaded.
    pub(super) fn parts(&self) -> Vec<Part> {
        let decks = self.files.iter().map(|wanted| wanted.deck);
        decks.filter(|deck| *deck != DeckId::C || !self.hold_c).map(|deck| self.part(deck)).collect()
    }
}
