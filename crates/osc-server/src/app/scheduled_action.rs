//! The actions that can be scheduled for a frame.

use super::request_source::{Origin, RequestSource};
use super::stem_start::StemStart;
use crate::args::Arg;
use crowd_engine::{DeckId, Frames};

/// An action that is scheduled for a frame.
#[derive(Debug)]
pub enum ScheduledAction {
    /// Start these stems in the same sample, at the frame `at`.
    Start {
        /// The request for it.
        source: RequestSource,
        /// The frame.
        at: u64,
        /// The stems.
        starts: Vec<StemStart>,
    },
    /// Fade a deck out.
    Fade {
        /// The deck.
        deck: DeckId,
        /// The length of the fade.
        length: Frames,
    },
    /// Handle a message from a bundle with a time tag.
    Deliver {
        /// The sender.
        origin: Origin,
        /// The frame at which it acts.
        at: u64,
        /// The address.
        address: String,
        /// The arguments.
        args: Vec<Arg>,
    },
    /// Let movement set the tempo again.
    MovementOn,
}
