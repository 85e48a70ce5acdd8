//! Which buffer plays in which stem of the engine.

use super::part::Part;
use crate::ids::{BufferId, DECKS};
use crate::refusal::{Kind, Refusal};
use crowd_engine::{DeckId, StemId};

/// Stems of a deck that can sound at the same time.
pub const STEMS: usize = 16;

#[derive(Debug, Clone, Copy)]
struct Slot {
    id: BufferId,
    playing: bool,
    looped: bool,
    /// The first frame it can have sounded in.
    since: u64,
}

/// The engine's stems of all decks.
#[derive(Debug, Default)]
pub struct Slots([[Option<Slot>; STEMS]; DECKS.len()]);

impl Slots {
    /// The stems of a deck that play.
    fn playing_in(&self, deck: DeckId) -> impl Iterator<Item = (StemId, &Slot)> {
        let stems = (0_u8..).map(StemId).zip(&self.0[deck.index()]);
        stems.filter_map(|(stem, slot)| Some((stem, slot.as_ref().filter(|slot| slot.playing)?)))
    }

    /// The engine's stem a buffer plays in, if it does.
    pub fn playing(&self, id: BufferId) -> Option<StemId> {
        self.playing_in(id.deck()).find(|(_, slot)| slot.id == id).map(|(stem, _)| stem)
    }

    /// The buffers that a deck plays.
    pub fn played_by(&self, deck: DeckId) -> impl Iterator<Item = BufferId> {
        self.playing_in(deck).map(|(_, slot)| slot.id)
    }

    /// Whether anything plays that repeats, or that does not.
    pub fn any_playing(&self, looped: bool) -> bool {
        DECKS.into_iter().flat_map(|deck| self.playing_in(deck)).any(|(_, slot)| slot.looped == looped)
    }

    /// Notes that what a deck plays repeats from now on, or does not.
    pub fn set_looped(&mut self, deck: DeckId, looped: bool) {
        self.0[deck.index()].iter_mut().flatten().for_each(|slot| slot.looped = looped);
    }

    /// The engine's stem to play a part in from a frame on: the one it has, a free one, or the one that ended first.
    ///
    /// # Errors
    /// [`Kind::State`] when all of them play.
    pub fn take(&mut self, part: &Part, since: u64) -> Result<StemId, Refusal> {
        let (id, deck) = (part.id, part.id.deck());
        let stems = (0_u8..).map(StemId).zip(&mut self.0[deck.index()]);
        let best = stems.min_by_key(|(_, slot)| match slot {
            Some(slot) if slot.id == id => (0, 0),
            None => (1, 0),
            Some(slot) if !slot.playing => (2, slot.since),
            Some(_) => (3, 0),
        });
        match best {
            Some((stem, slot)) if slot.is_none_or(|slot| slot.id == id || !slot.playing) => {
                *slot = Some(Slot { id, playing: true, looped: part.region.is_some(), since });
                Ok(stem)
            }
            _ => {
                let text = format!("deck {deck} plays {STEMS} stems already: stop one first");
                Err(Refusal::new(Kind::State, "", text))
            }
        }
    }

    /// Notes that a buffer stops; returns the stem it played in, if it did.
    pub fn stop(&mut self, id: BufferId) -> Option<StemId> {
        let stem = self.playing(id)?;
        if let Some(slot) = &mut self.0[id.deck().index()][stem.index()] {
            slot.playing = false;
        }
        Some(stem)
    }

    /// Notes that a stem of the engine ended at `frame`; returns what it played.
    pub fn ended(&mut self, deck: DeckId, stem: StemId, frame: u64) -> Option<BufferId> {
        let slot = self.0.get_mut(deck.index())?.get_mut(stem.index())?.as_mut()?;
        // An end from before the stem was started again counts no more.
        if !slot.playing || frame < slot.since {
            return None;
        }
        slot.playing = false;
        Some(slot.id)
    }

    /// Forgets the stems that do not play; returns them.
    pub fn forget_idle(&mut self) -> Vec<(DeckId, StemId)> {
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
