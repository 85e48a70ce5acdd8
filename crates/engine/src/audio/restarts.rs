//! How often a deck may be made to start anew within a quantum.
//!
//! Whatever makes a deck jump, stop or change its method costs a fade of what sounded and the beginning of what comes:
//! many commands in one frame cost it once, but commands in frames of their own would cost it each. In the frames beyond
//! [`MOST`] such commands wait for the next quantum, 1.5 ms at most, so that no storm of commands makes a block late.

use crate::command::{Command, DeckCommand};
use crate::types::units::DeckId;

/// Frames of a quantum in which a deck may start anew.
const MOST: u8 = 2;

/// The frames of this quantum in which decks were made to start anew.
pub(crate) struct Restarts {
    decks: Box<[Count]>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    times: u8,
    latest: u64,
}

impl Restarts {
    pub fn new(decks: usize) -> Self {
        Self { decks: vec![Count::default(); decks].into() }
    }

    /// A quantum begins.
    pub fn begin_quantum(&mut self) {
        self.decks.fill(Count::default());
    }

    /// Whether a command may act in `frame`; notes it if so.
    pub fn admit(&mut self, command: &Command, frame: u64) -> bool {
        let Some(deck) = restarted_by(command) else { return true };
        let Some(count) = self.decks.get_mut(deck.index()) else { return true };
        if count.times > 0 && count.latest == frame {
            return true;
        }
        if count.times == MOST {
            return false;
        }
        *count = Count { times: count.times + 1, latest: frame };
        true
    }
}

/// The deck that a command makes start anew: the one it is for, unless all it does is to move a gain or a speed.
fn restarted_by(command: &Command) -> Option<DeckId> {
    let Command::Deck(deck, command) = command else { return None };
    use DeckCommand as D;
    let moves = matches!(
        command,
        D::StemRate { .. } | D::StemGain { .. } | D::Rate { .. } | D::Fader { .. } | D::Fade { .. } | D::Eq { .. }
    );
    (!moves).then_some(*deck)
}
