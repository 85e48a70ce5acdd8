//! How a stem is to be played.

use crate::ids::BufferId;
use crate::units::Fraction;
use crowd_engine::{Command, DeckCommand, DeckId, Frames, Gain, Rate, StemId, Stems as Which};

/// How a stem is to be played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// The stem.
    pub id: BufferId,
    /// Its own speed.
    pub rate: Rate,
    /// Its gain.
    pub volume: Gain,
    /// Where it starts; `None`: where it was cued.
    pub start: Option<Fraction>,
    /// Where it ends.
    pub end: Fraction,
    /// What repeats, from and to.
    pub region: Option<(Fraction, Fraction)>,
}

impl Part {
    /// The whole file once from its cue, as it is.
    pub const fn plain(id: BufferId) -> Self {
        Self { id, rate: Rate::UNITY, volume: Gain::UNITY, start: None, end: Fraction::END, region: None }
    }

    /// The whole file, over and over.
    pub const fn repeated(id: BufferId, rate: Rate, volume: Gain) -> Self {
        let region = Some((Fraction::START, Fraction::END));
        Self { id, rate, volume, start: Some(Fraction::START), end: Fraction::END, region }
    }

    /// Its speed, gain and start in a stem of the engine.
    pub const fn setting(&self, deck: DeckId, stem: StemId) -> [Command; 3] {
        let stems = Which::One(stem);
        [
            Command::Deck(deck, DeckCommand::StemRate { stems, rate: self.rate }),
            Command::Deck(deck, DeckCommand::StemGain { stems, gain: self.volume, over: Frames::ZERO }),
            Command::Deck(deck, DeckCommand::Play { stems }),
        ]
    }
}
