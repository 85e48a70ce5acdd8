//! The start of a stem.

use crate::ids::BufferId;
use crate::units::FileFraction;
use crowd_engine::{Command, CrossfadeLaw, DeckCommand, DeckId, Frames, Gain, Rate, StemId, Stems};

/// The start of a stem: its buffer, the span that is played, its rate and its gain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StemStart {
    /// The buffer of the stem.
    pub id: BufferId,
    /// The stem's own rate.
    pub rate: Rate,
    /// The gain.
    pub gain: Gain,
    /// The position at which it starts; `None` is the position at which it is cued.
    pub from: Option<FileFraction>,
    /// The position at which it ends.
    pub until: FileFraction,
    /// The region that is repeated.
    pub region: Option<(FileFraction, FileFraction)>,
}

impl StemStart {
    /// The whole file once from its cue, at its own rate and gain 1.
    pub const fn from_cue(id: BufferId) -> Self {
        Self { id, rate: Rate::UNITY, gain: Gain::UNITY, from: None, until: FileFraction::END, region: None }
    }

    /// The whole file, repeated.
    pub const fn looped(id: BufferId, rate: Rate, gain: Gain) -> Self {
        let region = Some((FileFraction::START, FileFraction::END));
        Self { id, rate, gain, from: Some(FileFraction::START), until: FileFraction::END, region }
    }

    /// The commands that set its rate and gain and start it in a stem of the engine.
    pub const fn commands(&self, deck: DeckId, stem: StemId) -> [Command; 3] {
        let stems = Stems::One(stem);
        [
            Command::Deck(deck, DeckCommand::StemRate { stems, rate: self.rate }),
            Command::Deck(
                deck,
                DeckCommand::StemGain { stems, gain: self.gain, over: Frames::ZERO, law: CrossfadeLaw::Linear },
            ),
            Command::Deck(deck, DeckCommand::Play { stems }),
        ]
    }
}
