//! The limit on how often a deck restarts its sound within a quantum.
//!
//! A command that makes a deck jump, stop or change its method costs a fade-out of the old sound and a start of the new
//! one. Many such commands in one frame cost this once. Commands in different frames cost it each time. Therefore, once a
//! deck has restarted in [`MAX_RESTARTS`] frames of a quantum, further such commands are postponed to the next quantum, by
//! 1.5 ms at most. So no number of commands makes a block late.

use crate::command::{Command, DeckCommand};
use crate::types::units::DeckId;

/// The number of frames of a quantum in which a deck may restart.
const MAX_RESTARTS: u8 = 2;

/// Counts, per deck, the frames of this quantum in which it restarted.
pub(crate) struct RestartLimit {
    decks: Box<[RestartCount]>,
}

#[derive(Clone, Copy, Default)]
struct RestartCount {
    times: u8,
    latest: u64,
}

impl RestartLimit {
    pub fn new(decks: usize) -> Self {
        Self { decks: vec![RestartCount::default(); decks].into() }
    }

    /// Resets the counts. Called at the start of each quantum.
    pub fn begin_quantum(&mut self) {
        self.decks.fill(RestartCount::default());
    }

    /// Whether a command may act in `frame`. If it may, and if it restarts a deck, the restart is counted.
    pub fn admit(&mut self, command: &Command, frame: u64) -> bool {
        let Some(deck) = restarted_deck(command) else { return true };
        let Some(count) = self.decks.get_mut(deck.index()) else { return true };
        if count.times > 0 && count.latest == frame {
            return true;
        }
        if count.times == MAX_RESTARTS {
            return false;
        }
        *count = RestartCount { times: count.times + 1, latest: frame };
        true
    }
}

/// The deck that a command restarts. `None` for a command that only moves a gain or a speed.
fn restarted_deck(command: &Command) -> Option<DeckId> {
    let Command::Deck(deck, command) = command else { return None };
    use DeckCommand as D;
    let moves = matches!(
        command,
        D::StemRate { .. }
            | D::StemGain { .. }
            | D::Rate { .. }
            | D::FollowTempo { .. }
            | D::Fader { .. }
            | D::Fade { .. }
            | D::Eq { .. }
    );
    (!moves).then_some(*deck)
}
