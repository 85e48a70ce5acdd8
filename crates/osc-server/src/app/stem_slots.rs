//! The engine's stems, and the buffer that plays in each of them.

use super::stem_start::StemStart;
use crate::ids::{BufferId, DECKS};
use crate::refusal::{Refusal, RefusalKind};
use crowd_engine::{DeckId, StemId};

/// The number of stems that a deck can play at the same time.
pub const STEMS_PER_DECK: usize = 16;

/// A stem of the engine that plays a buffer, or has played it.
#[derive(Debug, Clone, Copy)]
struct StemSlot {
    id: BufferId,
    playing: bool,
    looped: bool,
    /// The frame at which the stem was started.
    started_at: u64,
}

/// The engine's stems of all decks.
#[derive(Debug, Default)]
pub struct StemSlots([[Option<StemSlot>; STEMS_PER_DECK]; DECKS.len()]);

impl StemSlots {
    /// The stems of a deck that play.
    fn playing_in(&self, deck: DeckId) -> impl Iterator<Item = (StemId, &StemSlot)> {
        let stems = (0_u8..).map(StemId).zip(&self.0[deck.index()]);
        stems.filter_map(|(stem, slot)| Some((stem, slot.as_ref().filter(|slot| slot.playing)?)))
    }

    /// The engine's stem in which a buffer plays, if it does.
    pub fn playing(&self, id: BufferId) -> Option<StemId> {
        self.playing_in(id.deck()).find(|(_, slot)| slot.id == id).map(|(stem, _)| stem)
    }

    /// The buffers that a deck plays.
    pub fn played_by(&self, deck: DeckId) -> impl Iterator<Item = BufferId> {
        self.playing_in(deck).map(|(_, slot)| slot.id)
    }

    /// Whether any stem plays that is looped, or, if `looped` is false, any that is not looped.
    pub fn any_playing(&self, looped: bool) -> bool {
        DECKS.into_iter().flat_map(|deck| self.playing_in(deck)).any(|(_, slot)| slot.looped == looped)
    }

    /// Notes whether the stems of a deck are looped from now on.
    pub fn set_looped(&mut self, deck: DeckId, looped: bool) {
        self.0[deck.index()].iter_mut().flatten().for_each(|slot| slot.looped = looped);
    }

    /// Assigns a stem of the engine to a start. It is the stem that has this buffer, else a free stem, else, of the stems
    /// that have ended, the one that was started first.
    ///
    /// # Errors
    /// [`RefusalKind::State`] when all stems of the deck play.
    pub fn assign(&mut self, start: &StemStart, started_at: u64) -> Result<StemId, Refusal> {
        let (id, deck) = (start.id, start.id.deck());
        let stems = (0_u8..).map(StemId).zip(&mut self.0[deck.index()]);
        let best = stems.min_by_key(|(_, slot)| match slot {
            Some(slot) if slot.id == id => (0, 0),
            None => (1, 0),
            Some(slot) if !slot.playing => (2, slot.started_at),
            Some(_) => (3, 0),
        });
        match best {
            Some((stem, slot)) if slot.is_none_or(|slot| slot.id == id || !slot.playing) => {
                *slot = Some(StemSlot { id, playing: true, looped: start.region.is_some(), started_at });
                Ok(stem)
            }
            _ => {
                let text = format!("deck {deck} plays {STEMS_PER_DECK} stems already: stop one first");
                Err(Refusal::new(RefusalKind::State, "", text))
            }
        }
    }

    /// Notes that a buffer is stopped. Returns the stem in which it played, if it did.
    pub fn stop(&mut self, id: BufferId) -> Option<StemId> {
        let stem = self.playing(id)?;
        if let Some(slot) = &mut self.0[id.deck().index()][stem.index()] {
            slot.playing = false;
        }
        Some(stem)
    }

    /// Notes that a stem of the engine ended at `frame`. Returns the buffer that it played.
    pub fn ended(&mut self, deck: DeckId, stem: StemId, frame: u64) -> Option<BufferId> {
        let slot = self.0.get_mut(deck.index())?.get_mut(stem.index())?.as_mut()?;
        // An end before the last start belongs to an earlier start, so the stem still plays.
        if !slot.playing || frame < slot.started_at {
            return None;
        }
        slot.playing = false;
        Some(slot.id)
    }

    /// Frees and returns the stems that do not play.
    pub fn free_idle(&mut self) -> Vec<(DeckId, StemId)> {
        let mut idle = Vec::new();
        for (deck, slots) in DECKS.into_iter().zip(&mut self.0) {
            for (stem, slot) in (0_u8..).map(StemId).zip(slots) {
                if slot.is_some_and(|slot| !slot.playing) {
                    *slot = None;
                    idle.push((deck, stem));
                }
            }
        }
        idle
    }
}
