//! The buffers: files that are loaded or being loaded.

use super::loader::LoadId;
use super::request_source::RequestSource;
use super::stem_start::StemStart;
use crate::ids::BufferId;
use crate::refusal::{Refusal, RefusalKind};
use crate::units::FileFraction;
use crowd_engine::feed::StreamEvent;
use crowd_engine::{DeckId, Frames, LoopRegion, Track};
use std::collections::HashMap;

/// The file of a stem.
#[derive(Debug)]
pub struct Buffer {
    /// The name in logs.
    pub name: String,
    /// The position at which it is cued.
    pub cue: FileFraction,
    /// Whether it was cued and not started since then.
    pub armed: bool,
    /// The request that loads it.
    pub source: RequestSource,
    /// The file itself.
    pub content: BufferContent,
    /// The buffer that this one replaces, until its own file is loaded.
    pub replaced: Option<Box<Buffer>>,
}

impl Buffer {
    /// This buffer if its file is loaded, else the buffer that it replaces.
    pub fn ready(self) -> Option<Self> {
        match self.content {
            BufferContent::Ready(_) => Some(self),
            BufferContent::Loading(..) => self.replaced.map(|replaced| *replaced),
        }
    }

    /// Whether its stem was started silently, because its file is still being loaded.
    pub const fn is_started_silently(&self) -> bool {
        matches!(self.content, BufferContent::Loading(_, Some(_)))
    }

    const fn track(&self) -> Option<&Track> {
        match &self.content {
            BufferContent::Ready(track) => Some(track),
            BufferContent::Loading(..) => None,
        }
    }
}

/// The content of a buffer.
#[derive(Debug)]
pub enum BufferContent {
    /// A file that is being loaded. If the stem was started silently, the second value is the start and its frame.
    Loading(LoadId, Option<(StemStart, u64)>),
    /// A loaded file.
    Ready(Track),
}

/// All buffers, by id.
#[derive(Debug, Default)]
pub struct Buffers(HashMap<BufferId, Buffer>);

impl Buffers {
    /// Inserts a buffer and returns the earlier buffer with its id. A stem that plays the earlier buffer continues.
    pub fn insert(&mut self, id: BufferId, buffer: Buffer) -> Option<Buffer> {
        self.0.insert(id, buffer)
    }

    /// The buffer with this id.
    pub fn get(&self, id: BufferId) -> Option<&Buffer> {
        self.0.get(&id)
    }

    /// The buffer with this id.
    pub fn get_mut(&mut self, id: BufferId) -> Option<&mut Buffer> {
        self.0.get_mut(&id)
    }

    /// Removes a buffer. A stem that plays it continues.
    pub fn remove(&mut self, id: BufferId) -> Option<Buffer> {
        self.0.remove(&id)
    }

    /// The track of a buffer, if it is loaded.
    pub fn track(&self, id: BufferId) -> Option<&Track> {
        self.get(id)?.track()
    }

    /// Whether a buffer is being loaded.
    pub fn is_loading(&self, id: BufferId) -> bool {
        self.get(id).is_some_and(|buffer| buffer.track().is_none())
    }

    /// Whether any buffer of a deck is being loaded.
    pub fn deck_is_loading(&self, deck: DeckId) -> bool {
        self.0.iter().any(|(id, buffer)| id.deck() == deck && buffer.track().is_none())
    }

    /// Whether a deck was cued and not started since then.
    pub fn deck_is_armed(&self, deck: DeckId) -> bool {
        self.get(BufferId::first_of(deck)).is_some_and(|buffer| buffer.armed)
    }

    /// The gain in decibels, 0 or less, that keeps the stereo downmix of a deck's first file from clipping.
    pub fn lowered(&self, deck: DeckId) -> f32 {
        self.track(BufferId::first_of(deck)).and_then(Track::downmix_gain_db).unwrap_or(0.0)
    }

    /// The buffer into which this load goes.
    pub fn buffer_of_load(&self, load: LoadId) -> Option<BufferId> {
        let is_for =
            |buffer: &Buffer| matches!(buffer.content, BufferContent::Loading(other_load, _) if other_load == load);
        self.0.iter().find_map(|(id, buffer)| is_for(buffer).then_some(*id))
    }

    /// The loads that have not ended, and their requests.
    pub fn unfinished_loads(&self) -> impl Iterator<Item = (LoadId, RequestSource)> {
        self.0.values().filter_map(|buffer| match buffer.content {
            BufferContent::Loading(load, _) => Some((load, buffer.source)),
            BufferContent::Ready(_) => None,
        })
    }

    /// The name of a buffer, or its number.
    pub fn name(&self, id: BufferId) -> String {
        self.get(id).map_or_else(|| format!("buffer {id}"), |buffer| buffer.name.clone())
    }

    /// The decks and names of stems: `deck A "one", deck B "two"`.
    pub fn names(&self, starts: &[StemStart]) -> String {
        let name = |start: &StemStart| format!("deck {} \"{}\"", start.id.deck(), self.name(start.id));
        starts.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// The track of a stem, the frame at which it starts, and the region that it repeats.
    ///
    /// # Errors
    /// [`RefusalKind::State`] when the file is not loaded, or too short.
    pub fn resolve_start(&self, start: &StemStart) -> Result<(Track, Frames, Option<LoopRegion>), Refusal> {
        let buffer = self.get(start.id).ok_or_else(|| not_loaded(start.id))?;
        let track = buffer.track().ok_or_else(|| not_loaded(start.id))?;
        let refuse =
            |error: crowd_engine::Error| Refusal::new(RefusalKind::State, "", format!("{}: {error}", buffer.name));
        let frame = |fraction: FileFraction| Frames((fraction.get() * track.frames().0 as f64).round() as u64);
        let region =
            start.region.map(|(from, to)| LoopRegion::new(frame(from), frame(to)).map_err(refuse)).transpose()?;
        let cut = start.until < FileFraction::END && region.is_none();
        let track = if cut { track.until(frame(start.until)).map_err(refuse)? } else { track.clone() };
        Ok((track, frame(start.from.unwrap_or(buffer.cue)), region))
    }

    /// Whether a stem that is started now would sound at once. If not, the missing frames are requested from the disk.
    pub fn is_ready(&self, start: &StemStart) -> bool {
        let Ok((track, frame, _)) = self.resolve_start(start) else { return true };
        let ready = track.is_ready(frame);
        if !ready {
            track.prepare(frame);
        }
        ready
    }

    /// The events of files that are streamed from disk.
    pub fn stream_events(&self) -> Vec<(BufferId, StreamEvent)> {
        let mut events = Vec::new();
        for (id, buffer) in &self.0 {
            if let Some(track) = buffer.track() {
                events.extend(std::iter::from_fn(|| track.stream_event()).map(|event| (*id, event)));
            }
        }
        events
    }

    /// Unloads every buffer that is not cued and not being loaded, and for which `keep` returns false. Returns the number
    /// of unloaded buffers, and the number of freed bytes.
    pub fn unload_idle(&mut self, keep: impl Fn(BufferId) -> bool) -> (usize, usize) {
        let mut unloaded = Vec::new();
        self.0.retain(|id, buffer| match &buffer.content {
            BufferContent::Ready(track) if !buffer.armed && !keep(*id) => {
                unloaded.push(track.clone());
                false
            }
            _ => true,
        });
        (unloaded.len(), self.freed_bytes(&unloaded))
    }

    /// The bytes of unloaded tracks that are in no other buffer. A track that was in several buffers is counted once.
    fn freed_bytes(&self, unloaded: &[Track]) -> usize {
        let kept = |track: &Track| self.0.values().filter_map(Buffer::track).any(|other| other.is_same(track));
        let first = |n: usize, track: &Track| !unloaded.iter().take(n).any(|other| other.is_same(track));
        let freed_bytes = unloaded.iter().enumerate().filter(|(n, track)| first(*n, track) && !kept(track));
        freed_bytes.map(|(_, track)| track.bytes()).sum()
    }
}

/// The refusal of a buffer that is not loaded.
pub fn not_loaded(id: BufferId) -> Refusal {
    let message = if id == BufferId::first_of(id.deck()) { "/cue or /load_buffer" } else { "/load_buffer" };
    Refusal::new(
        RefusalKind::State,
        "",
        format!("nothing is loaded as buffer {id} of deck {}: send {message} first", id.deck()),
    )
}
