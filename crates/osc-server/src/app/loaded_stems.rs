//! The buffers, and the engine's stems in which they play.

use super::buffers::{Buffer, BufferContent, Buffers, not_loaded};
use super::stem_slots::StemSlots;
use super::stem_start::StemStart;
use crate::ids::BufferId;
use crate::refusal::Refusal;
use crowd_engine::{Command, CrossfadeLaw, DeckCommand, DeckId, Frames, Gain, StemId, Stems, Track};

/// All buffers, and the engine's stems in which they play.
#[derive(Debug, Default)]
pub struct LoadedStems {
    /// The buffers whose files are loaded or being loaded.
    pub buffers: Buffers,
    /// The stems that play.
    pub slots: StemSlots,
}

impl LoadedStems {
    /// The length of the longest file that a deck plays; `None` when it plays none. Generated music is no file.
    pub fn longest_playing(&self, deck: DeckId) -> Option<Frames> {
        let tracks = self.slots.played_by(deck).filter_map(|id| self.buffers.track(id));
        tracks.filter(|track| !track.is_live()).map(Track::frames).max()
    }

    /// The track of the first stem of a deck that plays: that whose position the status of the engine has.
    pub fn first_playing(&self, deck: DeckId) -> Option<&Track> {
        self.slots.played_by(deck).next().and_then(|id| self.buffers.track(id))
    }

    /// The command that stops a buffer; `None` when it does not play.
    pub fn stop(&mut self, id: BufferId) -> Option<Command> {
        let stem = self.slots.stop(id)?;
        Some(Command::Deck(id.deck(), DeckCommand::Stop { stems: Stems::One(stem) }))
    }

    /// The command that sets a buffer's gain; `None` when it does not play.
    pub fn set_gain(&self, id: BufferId, gain: Gain, length: Frames) -> Option<Command> {
        Some(Command::Deck(
            id.deck(),
            DeckCommand::StemGain {
                stems: self.slots.playing(id)?.into(),
                gain,
                over: length,
                law: CrossfadeLaw::Linear,
            },
        ))
    }

    /// The commands that start a loaded buffer.
    ///
    /// # Errors
    /// [`RefusalKind::State`](crate::refusal::RefusalKind::State) when it is not loaded, or the deck has no free stem.
    pub fn start(&mut self, start: &StemStart, at: u64) -> Result<Vec<Command>, Refusal> {
        let (track, cue, region) = self.buffers.resolve_start(start)?;
        let (deck, stem) = (start.id.deck(), self.slots.assign(start, at)?);
        if let Some(buffer) = self.buffers.get_mut(start.id) {
            buffer.armed = false;
        }
        let [rate, gain, play] = start.commands(deck, stem);
        Ok(vec![
            Command::Deck(deck, DeckCommand::Load { stem, track, cue, region, keeps_gain: false }),
            rate,
            gain,
            play,
        ])
    }

    /// The commands that start a buffer that is not loaded yet. Its position advances without sound.
    ///
    /// # Errors
    /// [`RefusalKind::State`](crate::refusal::RefusalKind::State) when the deck has no free stem.
    pub fn start_silently(&mut self, start: &StemStart, at: u64) -> Result<Vec<Command>, Refusal> {
        let (deck, stem) = (start.id.deck(), self.slots.assign(start, at)?);
        if let Some(Buffer { content: BufferContent::Loading(_, silent_start), armed, .. }) =
            self.buffers.get_mut(start.id)
        {
            *silent_start = Some((*start, at));
            *armed = false;
        }
        let [rate, gain, play] = start.commands(deck, stem);
        Ok(vec![Command::Deck(deck, DeckCommand::Unload { stems: Stems::One(stem) }), rate, gain, play])
    }

    /// The command that makes a silently started buffer audible.
    ///
    /// # Errors
    /// [`RefusalKind::State`](crate::refusal::RefusalKind::State) when the buffer was stopped after its silent start.
    pub fn join(&mut self, start: &StemStart) -> Result<Command, Refusal> {
        let (track, cue, region) = self.buffers.resolve_start(start)?;
        let stem = self.slots.playing(start.id).ok_or_else(|| not_loaded(start.id))?;
        Ok(Command::Deck(start.id.deck(), DeckCommand::Join { stem, track, cue, region }))
    }

    /// Unloads every buffer that does not play, is not cued and not being loaded, and for which `is_needed` returns false.
    /// Returns the stems of the engine that are to be emptied, the number of unloaded buffers, and the number of freed
    /// bytes.
    pub fn unload_idle(&mut self, is_needed: impl Fn(BufferId) -> bool) -> (Vec<(DeckId, StemId)>, usize, usize) {
        let idle = self.slots.free_idle();
        let slots = &self.slots;
        let (buffers, bytes) = self.buffers.unload_idle(|id| slots.playing(id).is_some() || is_needed(id));
        (idle, buffers, bytes)
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
