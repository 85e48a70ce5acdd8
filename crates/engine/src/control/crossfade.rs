//! Crossfades between decks: one that takes a given time, and a crossfader that is moved by hand.

use std::time::Duration;

use super::handle::CommandTarget;
use super::mix_handle::MixHandle;
use crate::command::{Command, DeckCommand, Stems};
use crate::types::crossfade_law::CrossfadeLaw;
use crate::types::error::Result;
use crate::types::units::{DeckId, Gain};

#[allow(clippy::missing_errors_doc, reason = "said once, at the handle")]
impl<T: CommandTarget> MixHandle<'_, T> {
    /// Fades from one deck to another in the time `over`, along the curves of `law`. The faders stay as they are.
    ///
    /// If the deck `to` does not play, its stems that have a track start, each with an [`Event::Started`](crate::Event::Started), and
    /// the deck fades in from silence. If it plays, it fades in from the present gain.
    ///
    /// After the crossfade the deck `from` plays on without being heard, until it is paused, stopped or unloaded. At the end of its
    /// track there is an [`Event::Ended`](crate::Event::Ended), as usual. The deck stays faded out until it is played again.
    ///
    /// A crossfade replaces earlier [fades](crate::DeckHandle::fade) of both decks, and begins at their present gains. So a crossfade
    /// that has not ended is reversed by another one with the decks exchanged.
    pub fn crossfade(self, from: DeckId, to: DeckId, over: Duration, law: CrossfadeLaw) -> Result<Self> {
        let over = self.sender.frames(over);
        self.send([
            Command::Deck(to, DeckCommand::FadeIn { stems: Stems::All, over, law }),
            Command::Deck(from, DeckCommand::Fade { gain: Gain::SILENCE, over, law }),
        ])
    }

    /// Moves the faders of two decks to the gains of a crossfader at `position`, from -1 (left) to 1 (right). Both begin to move in the
    /// same frame, and take the time set with [`over`](Self::over). No deck is started or stopped.
    pub fn crossfader(self, left: DeckId, right: DeckId, position: f32, law: CrossfadeLaw) -> Result<Self> {
        let over = self.sender.ramp();
        let (left_gain, right_gain) = law.gains(position);
        let fader = |deck, gain| Command::Deck(deck, DeckCommand::Fader { gain, over, law: CrossfadeLaw::Linear });
        self.send([fader(left, left_gain), fader(right, right_gain)])
    }
}
