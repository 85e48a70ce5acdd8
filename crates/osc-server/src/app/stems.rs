//! What is loaded, and which of it plays in which stem of the engine.

use super::buffers::{Buffer, Buffers, Content, missing};
use super::part::Part;
use super::slots::Slots;
use crate::ids::BufferId;
use crate::refusal::Refusal;
use crowd_engine::{Command, DeckCommand, DeckId, Frames, Gain, StemId, Stems as Which, Track};

/// All buffers, and the engine's stems they play in.
#[derive(Debug, Default)]
pub struct Stems {
    /// What is loaded, or on its way.
    pub buffers: Buffers,
    /// What plays.
    pub slots: Slots,
}

impl Stems {
    /// The length of the longest file a deck plays; `None` when it plays none.
    pub fn longest_playing(&self, deck: DeckId) -> Option<Frames> {
        self.slots.played_by(deck).filter_map(|id| self.buffers.track(id)).map(Track::frames).max()
    }

    /// What stops a buffer; `None` when it does not play.
    pub fn stop(&mut self, id: BufferId) -> Option<Command> {
        let stem = self.slots.stop(id)?;
        Some(Command::Deck(id.deck(), DeckCommand::Stop { stems: Which::One(stem) }))
    }

    /// What sets a buffer's gain; `None` when it does not play.
    pub fn volume(&self, id: BufferId, gain: Gain, over: Frames) -> Option<Command> {
        Some(Command::Deck(id.deck(), DeckCommand::StemGain { stems: self.slots.playing(id)?.into(), gain, over }))
    }

    /// What starts a buffer whose file is here.
    ///
    /// # Errors
    /// [`Kind::State`](crate::refusal::Kind::State) when it is not, or the deck has no stem free.
    pub fn start(&mut self, part: &Part, since: u64) -> Result<Vec<Command>, Refusal> {
        let (track, cue, region) = self.buffers.placed(part)?;
        let (deck, stem) = (part.id.deck(), self.slots.take(part, since)?);
        if let Some(buffer) = self.buffers.get_mut(part.id) {
            buffer.armed = false;
        }
        let [rate, gain, play] = part.setting(deck, stem);
        Ok(vec![Command::Deck(deck, DeckCommand::Load { stem, track, cue, region }), rate, gain, play])
    }

    /// What starts a buffer whose file is not here yet: it counts on silently.
    ///
    /// # Errors
    /// [`Kind::State`](crate::refusal::Kind::State) when the deck has no stem free.
    pub fn start_without(&mut self, part: &Part, since: u64) -> Result<Vec<Command>, Refusal> {
        let (deck, stem) = (part.id.deck(), self.slots.take(part, since)?);
        if let Some(Buffer { content: Content::Loading(_, late), armed, .. }) = self.buffers.get_mut(part.id) {
            *late = Some((*part, since));
            *armed = false;
        }
        let [rate, gain, play] = part.setting(deck, stem);
        Ok(vec![Command::Deck(deck, DeckCommand::Unload { stems: Which::One(stem) }), rate, gain, play])
    }

    /// What lets a buffer in that was started without its file.
    ///
    /// # Errors
    /// [`Kind::State`](crate::refusal::Kind::State) when it was stopped since.
    pub fn join(&mut self, part: &Part) -> Result<Command, Refusal> {
        let (track, cue, region) = self.buffers.placed(part)?;
        let stem = self.slots.playing(part.id).ok_or_else(|| missing(part.id))?;
        Ok(Command::Deck(part.id.deck(), DeckCommand::Join { stem, track, cue, region }))
    }

    /// Forgets every buffer that neither plays, nor is cued, nor is on its way, nor is `needed`; returns the stems of the
    /// engine to be emptied, and how many buffers and bytes were forgotten.
    pub fn clean(&mut self, needed: impl Fn(BufferId) -> bool) -> (Vec<(DeckId, StemId)>, usize, usize) {
        let idle = self.slots.forget_idle();
        let slots = &self.slots;
        let (buffers, bytes) = self.buffers.forget_idle(|id| slots.playing(id).is_some() || needed(id));
        (idle, buffers, bytes)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
