//! What is loaded, and what is on its way.

use super::loader::Ticket;
use super::origin::Asked;
use super::part::Part;
use crate::ids::BufferId;
use crate::refusal::{Kind, Refusal};
use crate::units::Fraction;
use crowd_engine::feed::News;
use crowd_engine::{DeckId, Frames, LoopRegion, Track};
use std::collections::HashMap;

/// A stem's file.
#[derive(Debug)]
pub struct Buffer {
    /// What it is called in logs.
    pub name: String,
    /// Where it was cued.
    pub cue: Fraction,
    /// Whether it was cued and has not been started since.
    pub armed: bool,
    /// Who asked for it.
    pub asked: Asked,
    /// The file itself.
    pub content: Content,
    /// What had its place, until the new file has proved to be one.
    pub before: Option<Box<Buffer>>,
}

impl Buffer {
    /// The latest of it that is a file: itself, or what it was to replace.
    pub fn ready(self) -> Option<Self> {
        match self.content {
            Content::Ready(_) => Some(self),
            Content::Loading(..) => self.before.map(|before| *before),
        }
    }

    /// Whether it was started without its file, which is still on its way.
    pub const fn counts_silently(&self) -> bool {
        matches!(self.content, Content::Loading(_, Some(_)))
    }

    const fn track(&self) -> Option<&Track> {
        match &self.content {
            Content::Ready(track) => Some(track),
            Content::Loading(..) => None,
        }
    }
}

/// A file, or the wait for one.
#[derive(Debug)]
pub enum Content {
    /// On its way; with the part that was started without it, at that frame.
    Loading(Ticket, Option<(Part, u64)>),
    /// Here.
    Ready(Track),
}

/// All buffers.
#[derive(Debug, Default)]
pub struct Buffers(HashMap<BufferId, Buffer>);

impl Buffers {
    /// Puts a buffer in place of whatever had its id, which is returned. What of it sounds goes on.
    pub fn insert(&mut self, id: BufferId, buffer: Buffer) -> Option<Buffer> {
        self.0.insert(id, buffer)
    }

    /// The buffer of that id.
    pub fn get(&self, id: BufferId) -> Option<&Buffer> {
        self.0.get(&id)
    }

    /// The buffer of that id.
    pub fn get_mut(&mut self, id: BufferId) -> Option<&mut Buffer> {
        self.0.get_mut(&id)
    }

    /// Forgets a buffer. What of it sounds goes on.
    pub fn remove(&mut self, id: BufferId) -> Option<Buffer> {
        self.0.remove(&id)
    }

    /// The file of a buffer, once it is here.
    pub fn track(&self, id: BufferId) -> Option<&Track> {
        self.get(id)?.track()
    }

    /// Whether the buffer's file is still on its way.
    pub fn is_loading(&self, id: BufferId) -> bool {
        self.get(id).is_some_and(|buffer| buffer.track().is_none())
    }

    /// Whether any file of a deck is on its way.
    pub fn deck_is_loading(&self, deck: DeckId) -> bool {
        self.0.iter().any(|(id, buffer)| id.deck() == deck && buffer.track().is_none())
    }

    /// Whether a deck waits, cued, for its start.
    pub fn deck_is_armed(&self, deck: DeckId) -> bool {
        self.get(BufferId::first_of(deck)).is_some_and(|buffer| buffer.armed)
    }

    /// By how many decibels the first file of a deck is lowered so that its stereo mix does not clip, 0 or less.
    pub fn lowered(&self, deck: DeckId) -> f32 {
        self.track(BufferId::first_of(deck)).and_then(Track::downmix_gain_db).unwrap_or(0.0)
    }

    /// The buffer that waits for this load.
    pub fn waiting_for(&self, ticket: Ticket) -> Option<BufferId> {
        let waits = |buffer: &Buffer| matches!(buffer.content, Content::Loading(t, _) if t == ticket);
        self.0.iter().find_map(|(id, buffer)| waits(buffer).then_some(*id))
    }

    /// The loads under way, and who asked for them.
    pub fn loading(&self) -> impl Iterator<Item = (Ticket, Asked)> {
        self.0.values().filter_map(|buffer| match buffer.content {
            Content::Loading(ticket, _) => Some((ticket, buffer.asked)),
            Content::Ready(_) => None,
        })
    }

    /// The name of a buffer, or its number.
    pub fn name(&self, id: BufferId) -> String {
        self.get(id).map_or_else(|| format!("buffer {id}"), |buffer| buffer.name.clone())
    }

    /// `deck A "one", deck B "two"`.
    pub fn names(&self, parts: &[Part]) -> String {
        let name = |part: &Part| format!("deck {} \"{}\"", part.id.deck(), self.name(part.id));
        parts.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// The track of a part, the frame it starts at and the region it repeats.
    ///
    /// # Errors
    /// [`Kind::State`] when its file is not here, or is too short for it.
    pub fn placed(&self, part: &Part) -> Result<(Track, Frames, Option<LoopRegion>), Refusal> {
        let buffer = self.get(part.id).ok_or_else(|| missing(part.id))?;
        let track = buffer.track().ok_or_else(|| missing(part.id))?;
        let refuse = |error: crowd_engine::Error| Refusal::new(Kind::State, "", format!("{}: {error}", buffer.name));
        let frame = |place: Fraction| Frames((place.get() * track.frames().0 as f64).round() as u64);
        let region =
            part.region.map(|(from, to)| LoopRegion::new(frame(from), frame(to)).map_err(refuse)).transpose()?;
        let cut = part.end < Fraction::END && region.is_none();
        let track = if cut { track.until(frame(part.end)).map_err(refuse)? } else { track.clone() };
        Ok((track, frame(part.start.unwrap_or(buffer.cue)), region))
    }

    /// Whether a buffer sounds at once when it is started now; if not, what it lacks is being read from disk.
    pub fn is_ready(&self, part: &Part) -> bool {
        let Ok((track, frame, _)) = self.placed(part) else { return true };
        let ready = track.is_ready(frame);
        if !ready {
            track.prepare(frame);
        }
        ready
    }

    /// What there is to tell of files that are streamed from disk.
    pub fn news(&self) -> Vec<(BufferId, News)> {
        let mut told = Vec::new();
        for (id, buffer) in &self.0 {
            if let Some(track) = buffer.track() {
                told.extend(std::iter::from_fn(|| track.news()).map(|news| (*id, news)));
            }
        }
        told
    }

    /// Forgets every buffer that is neither cued, nor on its way, nor one of those to `keep`; returns how many buffers and
    /// bytes that were.
    pub fn forget_idle(&mut self, keep: impl Fn(BufferId) -> bool) -> (usize, usize) {
        let mut forgotten = Vec::new();
        self.0.retain(|id, buffer| match &buffer.content {
            Content::Ready(track) if !buffer.armed && !keep(*id) => {
                forgotten.push(track.clone());
                false
            }
            _ => true,
        });
        (forgotten.len(), self.freed(&forgotten))
    }

    /// Bytes of tracks that no buffer holds any more, those that are the same counted once.
    fn freed(&self, forgotten: &[Track]) -> usize {
        let kept = |track: &Track| self.0.values().filter_map(Buffer::track).any(|other| other.is_same(track));
        let first = |n: usize, track: &Track| !forgotten.iter().take(n).any(|other| other.is_same(track));
        let freed = forgotten.iter().enumerate().filter(|(n, track)| first(*n, track) && !kept(track));
        freed.map(|(_, track)| track.bytes()).sum()
    }
}

/// A refusal of a buffer that is not there.
pub fn missing(id: BufferId) -> Refusal {
    let how = if id == BufferId::first_of(id.deck()) { "/cue or /load_buffer" } else { "/load_buffer" };
    Refusal::new(Kind::State, "", format!("nothing is loaded as buffer {id} of deck {}: {how} comes first", id.deck()))
}
