//! What is loaded, and which of it sits in which stem of the engine.

use super::Asked;
use super::loader::Ticket;
use crate::ids::{BufferId, DECKS};
use crate::refusal::{Kind, Refusal};
use crate::units::Fraction;
use crowd_engine::feed::News;
use crowd_engine::{Command, DeckId, Frames, Gain, LoopRegion, Rate, StemId, Stems as Which, Track};
use std::collections::HashMap;

/// Stems of a deck that can sound at the same time.
pub const STEMS: usize = 16;

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
}

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
}

/// A file, or the wait for one.
#[derive(Debug)]
pub enum Content {
    /// On its way; with the part that was started without it, at that frame.
    Loading(Ticket, Option<(Part, u64)>),
    /// Here.
    Ready(Track),
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    id: BufferId,
    playing: bool,
    looped: bool,
    /// The first frame it can have sounded in.
    since: u64,
}

/// All buffers, and the engine's stems they sit in.
#[derive(Debug, Default)]
pub struct Stems {
    buffers: HashMap<BufferId, Buffer>,
    slots: [[Option<Slot>; STEMS]; 4],
}

impl Stems {
    /// Puts a buffer in place of whatever had its id, which is returned. What of it sounds goes on.
    pub fn insert(&mut self, id: BufferId, buffer: Buffer) -> Option<Buffer> {
        self.buffers.insert(id, buffer)
    }

    /// The buffer of that id.
    pub fn get(&self, id: BufferId) -> Option<&Buffer> {
        self.buffers.get(&id)
    }

    /// The buffer of that id.
    pub fn get_mut(&mut self, id: BufferId) -> Option<&mut Buffer> {
        self.buffers.get_mut(&id)
    }

    /// Forgets a buffer. What of it sounds goes on.
    pub fn remove(&mut self, id: BufferId) -> Option<Buffer> {
        self.buffers.remove(&id)
    }

    /// Whether the buffer's file is still on its way.
    pub fn is_loading(&self, id: BufferId) -> bool {
        matches!(self.get(id), Some(Buffer { content: Content::Loading(..), .. }))
    }

    /// Whether any file of a deck is on its way.
    pub fn deck_is_loading(&self, deck: DeckId) -> bool {
        self.buffers.iter().any(|(id, b)| id.deck() == deck && matches!(b.content, Content::Loading(..)))
    }

    /// Whether a deck waits, cued, for its start.
    pub fn deck_is_armed(&self, deck: DeckId) -> bool {
        self.get(BufferId::first_of(deck)).is_some_and(|b| b.armed)
    }

    /// The buffer that waits for this load.
    pub fn waiting_for(&self, ticket: Ticket) -> Option<BufferId> {
        let waits = |b: &Buffer| matches!(b.content, Content::Loading(t, _) if t == ticket);
        self.buffers.iter().find_map(|(id, b)| waits(b).then_some(*id))
    }

    /// The loads under way, and for which buffer.
    pub fn loading(&self) -> impl Iterator<Item = (Ticket, &Buffer)> {
        self.buffers.values().filter_map(|buffer| match buffer.content {
            Content::Loading(ticket, _) => Some((ticket, buffer)),
            Content::Ready(_) => None,
        })
    }

    /// All ids that hold something.
    pub fn ids(&self) -> impl Iterator<Item = BufferId> {
        self.buffers.keys().copied()
    }

    /// The name of a buffer, or its number.
    pub fn name(&self, id: BufferId) -> String {
        self.get(id).map_or_else(|| format!("buffer {id}"), |b| b.name.clone())
    }

    /// The stems of a deck that play.
    fn playing_in(&self, deck: DeckId) -> impl Iterator<Item = (StemId, &Slot)> {
        let slots = self.slots.get(deck.index()).into_iter().flatten();
        (0_u8..).map(StemId).zip(slots).filter_map(|(stem, slot)| Some((stem, slot.as_ref().filter(|s| s.playing)?)))
    }

    /// The engine's stem this buffer plays in, if it does.
    fn playing(&self, id: BufferId) -> Option<StemId> {
        self.playing_in(id.deck()).find(|(_, slot)| slot.id == id).map(|(stem, _)| stem)
    }

    /// Whether anything plays that repeats, or that does not.
    pub fn any_playing(&self, looped: bool) -> bool {
        DECKS.into_iter().flat_map(|deck| self.playing_in(deck)).any(|(_, slot)| slot.looped == looped)
    }

    /// The length of the longest file a deck plays; `None` when it plays none.
    pub fn longest_playing(&self, deck: DeckId) -> Option<Frames> {
        self.playing_in(deck)
            .filter_map(|(_, slot)| match &self.get(slot.id)?.content {
                Content::Ready(track) => Some(track.frames()),
                Content::Loading(..) => None,
            })
            .max()
    }

    /// By how many decibels the first file of a deck is lowered so that its stereo mix does not clip, 0 or less.
    pub fn lowered(&self, deck: DeckId) -> f32 {
        let gain = self.get(BufferId::first_of(deck)).and_then(|buffer| match &buffer.content {
            Content::Ready(track) => track.downmix_gain_db(),
            Content::Loading(..) => None,
        });
        gain.unwrap_or(0.0)
    }

    /// Notes that what a deck plays repeats from now on, or does not.
    pub fn set_looped(&mut self, deck: DeckId, looped: bool) {
        for slot in self.slots.get_mut(deck.index()).into_iter().flatten().flatten() {
            slot.looped = looped;
        }
    }

    /// The engine's stem to play a buffer in: the one it has, a free one, or the one that ended first.
    ///
    /// # Errors
    /// [`Kind::State`] when all of them play.
    fn take_slot(&mut self, part: &Part, since: u64) -> Result<StemId, Refusal> {
        let id = part.id;
        let slots = self.slots.get_mut(id.deck().index()).map(<[_; STEMS]>::as_mut_slice).unwrap_or_default();
        let best = slots.iter_mut().enumerate().min_by_key(|(_, slot)| match slot {
            Some(slot) if slot.id == id => (0, 0),
            None => (1, 0),
            Some(slot) if !slot.playing => (2, slot.since),
            Some(_) => (3, 0),
        });
        match best {
            Some((index, slot)) if slot.is_none_or(|slot| slot.id == id || !slot.playing) => {
                *slot = Some(Slot { id, playing: true, looped: part.region.is_some(), since });
                Ok(StemId(u8::try_from(index).unwrap_or_default()))
            }
            _ => Err(Refusal::new(
                Kind::State,
                "",
                format!("deck {} plays {STEMS} stems already: stop one first", id.deck()),
            )),
        }
    }

    /// Notes that a stem of the engine ended at `frame`; returns what it played.
    pub fn ended(&mut self, deck: DeckId, stem: StemId, frame: u64) -> Option<BufferId> {
        let slot = self.slots.get_mut(deck.index())?.get_mut(stem.index())?.as_mut()?;
        // An end from before the stem was started again is news no more.
        if !slot.playing || frame < slot.since {
            return None;
        }
        slot.playing = false;
        Some(slot.id)
    }

    /// What stops a buffer; `None` when it does not play.
    pub fn stop(&mut self, id: BufferId) -> Option<Command> {
        let stem = self.playing(id)?;
        if let Some(Some(slot)) = self.slots.get_mut(id.deck().index()).and_then(|d| d.get_mut(stem.index())) {
            slot.playing = false;
        }
        Some(Command::Stop { deck: id.deck(), stems: Which::One(stem) })
    }

    /// What sets a buffer's gain; `None` when it does not play.
    pub fn volume(&self, id: BufferId, gain: Gain, over: Frames) -> Option<Command> {
        Some(Command::StemGain { deck: id.deck(), stem: self.playing(id)?, gain, over })
    }

    /// What starts a buffer whose file is here.
    ///
    /// # Errors
    /// [`Kind::State`] when it is not, or the deck has no stem free.
    pub fn start(&mut self, part: &Part, since: u64) -> Result<Vec<Command>, Refusal> {
        let (track, cue, region) = self.placed(part)?;
        let (deck, stem) = (part.id.deck(), self.take_slot(part, since)?);
        if let Some(buffer) = self.buffers.get_mut(&part.id) {
            buffer.armed = false;
        }
        let [rate, gain, play] = setting(part, deck, stem);
        Ok(vec![Command::Load { deck, stem, track, cue, region }, rate, gain, play])
    }

    /// What starts a buffer whose file is not here yet: it counts on silently.
    ///
    /// # Errors
    /// [`Kind::State`] when the deck has no stem free.
    pub fn start_without(&mut self, part: &Part, since: u64) -> Result<Vec<Command>, Refusal> {
        let (deck, stem) = (part.id.deck(), self.take_slot(part, since)?);
        if let Some(Buffer { content: Content::Loading(_, late), armed, .. }) = self.buffers.get_mut(&part.id) {
            *late = Some((*part, since));
            *armed = false;
        }
        let [rate, gain, play] = setting(part, deck, stem);
        Ok(vec![Command::Unload { deck, stems: Which::One(stem) }, rate, gain, play])
    }

    /// What lets a buffer in that was started without its file.
    ///
    /// # Errors
    /// [`Kind::State`] when it was stopped since.
    pub fn join(&mut self, part: &Part) -> Result<Command, Refusal> {
        let (track, cue, region) = self.placed(part)?;
        let stem = self.playing(part.id).ok_or_else(|| missing(part.id))?;
        Ok(Command::Join { deck: part.id.deck(), stem, track, cue, region })
    }

    /// The track, the frame it starts at and the region it repeats.
    fn placed(&self, part: &Part) -> Result<(Track, Frames, Option<LoopRegion>), Refusal> {
        let buffer = self.get(part.id).ok_or_else(|| missing(part.id))?;
        let Content::Ready(track) = &buffer.content else {
            return Err(missing(part.id));
        };
        let frame = |part: Fraction| Frames((part.get() * track.frames().0 as f64).round() as u64);
        let region = match part.region {
            Some((from, to)) => Some(
                LoopRegion::new(frame(from), frame(to))
                    .map_err(|error| Refusal::new(Kind::State, "", format!("{}: {error}", buffer.name)))?,
            ),
            None => None,
        };
        let track =
            if part.end < Fraction::END && region.is_none() { track.until(frame(part.end)) } else { Ok(track.clone()) };
        let track = track.map_err(|error| Refusal::new(Kind::State, "", format!("{}: {error}", buffer.name)))?;
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
    pub fn news(&self) -> Vec<(BufferId, String, News)> {
        let mut told = Vec::new();
        for (id, buffer) in &self.buffers {
            if let Content::Ready(track) = &buffer.content {
                told.extend(std::iter::from_fn(|| track.news()).map(|news| (*id, buffer.name.clone(), news)));
            }
        }
        told
    }

    /// Forgets every buffer that neither plays, nor is cued, nor is on its way, nor is wanted; returns the stems of the
    /// engine to be emptied, and how many buffers and bytes were forgotten.
    pub fn clean(&mut self, wanted: &[BufferId]) -> (Vec<(DeckId, StemId)>, usize, usize) {
        let mut idle = Vec::new();
        for deck in DECKS {
            for (stem, slot) in (0_u8..).map(StemId).zip(self.slots.get_mut(deck.index()).into_iter().flatten()) {
                if slot.is_some_and(|slot| !slot.playing) {
                    *slot = None;
                    idle.push((deck, stem));
                }
            }
        }
        let playing: Vec<_> = self.slots.iter().flatten().flatten().map(|slot| slot.id).collect();
        let mut forgotten = Vec::new();
        self.buffers.retain(|id, buffer| match &buffer.content {
            Content::Ready(track) if !buffer.armed && !playing.contains(id) && !wanted.contains(id) => {
                forgotten.push(track.clone());
                false
            }
            _ => true,
        });
        (idle, forgotten.len(), self.freed(&forgotten))
    }

    /// Bytes of tracks that no buffer holds any more, those that are the same counted once.
    fn freed(&self, forgotten: &[Track]) -> usize {
        let kept = |track: &Track| {
            self.buffers.values().any(|buffer| matches!(&buffer.content, Content::Ready(other) if other.is_same(track)))
        };
        let first = |n: usize, track: &Track| !forgotten.iter().take(n).any(|other| other.is_same(track));
        let freed = forgotten.iter().enumerate().filter(|(n, track)| first(*n, track) && !kept(track));
        freed.map(|(_, track)| track.bytes()).sum()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// A stem's own speed, gain, and its start.
fn setting(part: &Part, deck: DeckId, stem: StemId) -> [Command; 3] {
    [
        Command::StemRate { deck, stem, rate: part.rate },
        Command::StemGain { deck, stem, gain: part.volume, over: Frames::ZERO },
        Command::Play { deck, stems: Which::One(stem) },
    ]
}

/// A refusal of a buffer that is not there.
pub fn missing(id: BufferId) -> Refusal {
    let how = if id == BufferId::first_of(id.deck()) { "/cue or /load_buffer" } else { "/load_buffer" };
    Refusal::new(Kind::State, "", format!("nothing is loaded as buffer {id} of deck {}: {how} comes first", id.deck()))
}
