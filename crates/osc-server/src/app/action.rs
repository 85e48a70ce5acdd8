//! What can be planned for a time to come.

use super::origin::{Asked, Origin};
use super::part::Part;
use crate::args::Arg;
use crowd_engine::{DeckId, Frames};

/// Something on the agenda.
#[derive(Debug)]
pub enum Action {
    /// Start these in the same sample, at the frame `at`.
    Start {
        /// Who asked for it.
        asked: Asked,
        /// When.
        at: u64,
        /// What.
        parts: Vec<Part>,
    },
    /// Fade a deck out.
    Fade {
        /// The deck.
        deck: DeckId,
        /// For how long.
        over: Frames,
    },
    /// A message from a bundle with a time.
    Deliver {
        /// Who sent it.
        origin: Origin,
        /// The frame it acts in.
        at: u64,
        /// Its address.
        address: String,
        /// Its arguments.
        args: Vec<Arg>,
    },
    /// Movement may set the tempo again.
    MovementOn,
}
