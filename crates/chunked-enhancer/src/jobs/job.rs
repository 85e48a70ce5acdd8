//! One rendition that has listeners.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crowd_store::ChunkBytes;
use crowd_web::Client;
use tokio::sync::watch;

use super::chunk_priority::ChunkPriorities;
use super::playback_position::PlaybackPosition;
use crate::error::Error;
use crate::maker::Maker;
use crate::permits::Rank;
use crate::rendition::Rendition;

/// The number of makers that are kept, so that the chunk after their last one needs no pre-roll.
const KEPT_MAKERS: usize = 2;
/// The number of chunks that are kept open after they were made.
const KEPT_OPEN: usize = 2;
/// The number of chunks that are made at once for listeners at different chunks. Chunks of the lookahead are made one after the other,
/// which needs no pre-rolls.
const CHUNKS_AT_ONCE: usize = 8;

/// The state of a chunk.
#[derive(Clone, Debug)]
pub(super) enum ChunkState {
    /// It was not looked up yet. The store may have it.
    Unknown,
    /// It has to be made.
    Missing,
    /// A thread will make it.
    Claimed,
    /// It is being made: these bytes exist.
    Growing(ChunkBytes),
    /// Another node makes it. It is looked up in the store again at this time.
    Elsewhere(Instant),
    /// The store had it when it was looked up last. A chunk that was just made stays open, because the store may be unable to keep it on a
    /// full disk.
    Done { length: u64, open: Option<ChunkBytes> },
}

pub(super) struct State {
    pub chunks: Vec<ChunkState>,
    pub listeners: BTreeMap<u64, PlaybackPosition>,
    /// For each listener, the chunk that it reads, if that chunk is complete.
    open: BTreeMap<u64, (usize, ChunkBytes)>,
    /// The number of chunks that threads make or will make.
    claimed: usize,
    makers: Vec<Maker>,
    /// Chunks that are kept open, the oldest first.
    kept_open: VecDeque<usize>,
    /// Whether the track is being measured. No chunk can be made until that is done.
    pub measuring: bool,
    pub failure: Option<Arc<str>>,
    /// The faults of the file as far as it was read.
    pub warnings: Vec<String>,
    pub cancelled: bool,
    /// When the last listener left.
    pub unused_since: Instant,
    /// The number of chunks that this process has made.
    pub made: usize,
    /// The time that this process has spent on these chunks.
    pub busy: Duration,
}

/// A rendition, its chunks and its listeners.
pub struct Job {
    /// The rendition.
    pub rendition: Arc<Rendition>,
    pub(super) state: Mutex<State>,
    changes: watch::Sender<u64>,
    /// The number of chunks that are made in advance for each listener, once the file is hashed.
    lookahead: usize,
}

/// The bytes of a chunk that a listener can read now.
pub(super) enum Availability {
    /// The chunk has to be looked up in the store.
    Unknown,
    /// No bytes yet.
    Nothing,
    /// The bytes that exist.
    Growing(ChunkBytes),
    /// The whole chunk.
    Done { length: u64, open: Option<ChunkBytes> },
}

impl Job {
    pub(super) fn new(rendition: Rendition, lookahead: usize) -> Self {
        let state = State {
            chunks: vec![ChunkState::Unknown; rendition.layout.chunk_count()],
            listeners: BTreeMap::new(),
            open: BTreeMap::new(),
            claimed: 0,
            makers: Vec::new(),
            kept_open: VecDeque::new(),
            measuring: false,
            failure: None,
            warnings: Vec::new(),
            cancelled: false,
            unused_since: Instant::now(),
            made: 0,
            busy: Duration::ZERO,
        };
        Self { rendition: Arc::new(rendition), state: Mutex::new(state), changes: watch::Sender::new(0), lookahead }
    }

    /// The number of chunks that are made in advance for each listener. While the file is not hashed, it is 1: chunks are then in memory,
    /// and a chunk is discarded when two further ones are made.
    fn lookahead(&self) -> usize {
        if self.rendition.content_key().is_some() { self.lookahead } else { 1 }
    }

    /// Its name in URLs.
    pub fn id(&self) -> String {
        self.rendition.key.to_string()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and notifies all watchers.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.changes.send_modify(|changes| *changes = changes.wrapping_add(1));
        result
    }

    /// As [`Self::update`], but without a notification when `change` returns `None`.
    fn update_if<T>(&self, change: impl FnOnce(&mut State) -> Option<T>) -> Option<T> {
        let result = change(&mut self.state());
        if result.is_some() {
            self.changes.send_modify(|changes| *changes = changes.wrapping_add(1));
        }
        result
    }

    /// A receiver that changes with every change of the state.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(super) fn add_listener(&self, number: u64, position: PlaybackPosition) {
        self.update(|state| state.listeners.insert(number, position));
    }

    pub(super) fn remove_listener(&self, number: u64) {
        self.update(|state| {
            state.listeners.remove(&number);
            state.open.remove(&number);
            state.unused_since = Instant::now();
        });
        self.close_idle(Instant::now());
    }

    /// The position of a player of this client that has requested the segment before `index`, if there is one.
    pub(super) fn position_before(&self, client: Client, index: usize) -> Option<PlaybackPosition> {
        let state = self.state();
        let before = |position: &&PlaybackPosition| position.player == Some(client) && position.chunk + 1 == index;
        state.listeners.values().filter(before).max_by_key(|position| position.last_read).copied()
    }

    /// Clears the failure of a job, so that it is tried again for a new listener.
    pub(super) fn clear_failure(&self) {
        self.state().failure = None;
    }

    /// Records that a listener waits for a byte of a chunk. Returns whether other chunks may be needed now, because the listener has
    /// reached another chunk or was idle.
    pub(super) fn start_read(&self, number: u64, index: usize, byte: u64) -> bool {
        let (mut state, now) = (self.state(), Instant::now());
        let second = self.second_at(index, byte);
        let Some(position) = state.listeners.get_mut(&number) else { return false };
        let changed = position.chunk != index || position.is_idle(now);
        position.start_read(index, second, now);
        changed
    }

    /// Records that a listener has received bytes.
    pub(super) fn finish_read(&self, number: u64) {
        if let Some(position) = self.state().listeners.get_mut(&number) {
            position.finish_read(Instant::now());
        }
    }

    /// The chunk that a listener reads, if it has opened that one.
    pub(super) fn opened(&self, number: u64, index: usize) -> Option<ChunkBytes> {
        self.state().open.get(&number).filter(|open| open.0 == index).map(|open| open.1.clone())
    }

    /// Keeps a chunk open for a listener.
    pub(super) fn open(&self, number: u64, index: usize, stored: &ChunkBytes) {
        self.state().open.insert(number, (index, stored.clone()));
    }

    /// Closes the chunk that is open for a listener. The next read of the listener opens it again.
    pub(super) fn close(&self, number: u64) {
        self.state().open.remove(&number);
    }

    /// Whether there is a listener that is not idle.
    pub(super) fn is_active(&self, now: Instant) -> bool {
        self.state().listeners.values().any(|position| !position.is_idle(now))
    }

    /// The position in the track, in seconds, at which a byte of a chunk is played. For FLAC it is an estimate, which is more often too
    /// early than too late.
    fn second_at(&self, index: usize, byte: u64) -> f64 {
        let (layout, rate) = (&self.rendition.layout, f64::from(self.rendition.rate.get()));
        let (span, bytes) = (layout.span(index), layout.chunk_bytes(index).max(1));
        (span.start as f64 + (span.end - span.start) as f64 * (byte as f64 / bytes as f64).min(1.0)) / rate
    }

    /// The rank of a chunk; none when the chunk is not needed. While the track is being measured, it is the rank of the measurement.
    pub(super) fn rank(&self, index: usize, now: Instant) -> Option<Rank> {
        let state = self.state();
        if state.cancelled {
            return None;
        }
        if state.measuring {
            return state.listeners.values().filter_map(|position| position.rank(position.second, now)).min();
        }
        let made = match state.chunks.get(index) {
            Some(ChunkState::Growing(stored)) => stored.len(),
            _ => 0,
        };
        let positions: Vec<PlaybackPosition> = state.listeners.values().copied().collect();
        self.priorities(&positions, now).rank(index, self.second_at(index, made))
    }

    fn priorities<'a>(&self, positions: &'a [PlaybackPosition], now: Instant) -> ChunkPriorities<'a> {
        let chunk_count = self.rendition.layout.chunk_count();
        ChunkPriorities { positions, lookahead: self.lookahead(), chunk_count, now }
    }

    /// Claims the most urgent chunk that no thread makes. The calling thread then makes the chunk, or starts a thread for it. Each chunk
    /// that a listener reads may have a thread of its own. All chunks of the lookahead share one thread.
    pub(super) fn claim_next(&self) -> Option<usize> {
        let now = Instant::now();
        let measured = self.rendition.resolved().is_some();
        self.update_if(|state| {
            if state.measuring || state.cancelled || state.failure.is_some() {
                return None;
            }
            let missing = |index: usize| match state.chunks.get(index) {
                Some(ChunkState::Unknown | ChunkState::Missing) => true,
                Some(ChunkState::Elsewhere(until)) => *until <= now,
                _ => false,
            };
            let positions: Vec<PlaybackPosition> = state.listeners.values().copied().collect();
            let (_, index) = self.priorities(&positions, now).most_urgent(missing, |index| self.second_at(index, 0))?;
            let being_read = positions.iter().any(|position| position.chunk == index && !position.background);
            if state.claimed > 0 && !(being_read && measured && state.claimed < CHUNKS_AT_ONCE) {
                return None;
            }
            *state.chunks.get_mut(index)? = ChunkState::Claimed;
            state.claimed += 1;
            state.measuring = !measured;
            Some(index)
        })
    }

    /// Records that the work on a chunk that was [claimed](Self::claim_next) has ended.
    pub(super) fn end_claim(&self, index: usize, chunk_state: Option<ChunkState>, failure: Option<Arc<str>>) {
        self.update(|state| {
            state.claimed -= 1;
            state.measuring = false;
            if let (Some(chunk), Some(chunk_state)) = (state.chunks.get_mut(index), chunk_state) {
                *chunk = chunk_state;
            }
            state.failure = failure.or(state.failure.take());
        });
        self.close_idle(Instant::now());
    }

    /// The bytes of a chunk that a listener can read.
    pub(super) fn availability(&self, index: usize) -> Result<Availability, Error> {
        let state = self.state();
        if state.cancelled {
            return Err(Error::Cancelled);
        }
        if let Some(failure) = &state.failure {
            return Err(Error::Failed(failure.clone()));
        }
        Ok(match state.chunks.get(index) {
            Some(ChunkState::Unknown) => Availability::Unknown,
            Some(ChunkState::Growing(stored)) => Availability::Growing(stored.clone()),
            Some(ChunkState::Done { length, open }) => Availability::Done { length: *length, open: open.clone() },
            _ => Availability::Nothing,
        })
    }

    /// Records the result of looking up a chunk in the store.
    pub(super) fn looked_up(&self, index: usize, found: Option<&ChunkBytes>) {
        self.update(|state| {
            if let Some(chunk) = state.chunks.get_mut(index)
                && matches!(chunk, ChunkState::Unknown | ChunkState::Done { .. })
            {
                *chunk =
                    found.map_or(ChunkState::Missing, |stored| ChunkState::Done { length: stored.len(), open: None });
            }
        });
    }

    /// Records which bytes of a chunk exist.
    pub(super) fn grown(&self, index: usize, so_far: ChunkBytes) {
        self.update(|state| {
            if let Some(chunk) = state.chunks.get_mut(index) {
                *chunk = ChunkState::Growing(so_far);
            }
        });
    }

    /// Records that a chunk is complete. This chunk and the one that was completed before it are kept open.
    pub(super) fn complete(&self, index: usize, stored: ChunkBytes) {
        self.update(|state| {
            if state.kept_open.len() == KEPT_OPEN
                && let Some(oldest) = state.kept_open.pop_front()
                && let Some(ChunkState::Done { open, .. }) = state.chunks.get_mut(oldest)
            {
                *open = None;
            }
            state.kept_open.push_back(index);
            if let Some(chunk) = state.chunks.get_mut(index) {
                *chunk = ChunkState::Done { length: stored.len(), open: Some(stored) };
            }
        });
    }

    /// The length of a chunk in bytes, if this job has made or read it.
    pub(super) fn length(&self, index: usize) -> Option<u64> {
        self.state().chunks.get(index).and_then(done_length)
    }

    /// The lengths of all chunks in bytes, once all are known.
    pub fn lengths(&self) -> Option<Vec<u64>> {
        self.state().chunks.iter().map(done_length).collect()
    }

    /// The maker whose last chunk is the one before `index`: it needs neither a new decoder nor a pre-roll.
    pub(super) fn take_maker(&self, index: usize) -> Option<Maker> {
        let mut state = self.state();
        let n = state.makers.iter().position(|maker| maker.next() == index)?;
        Some(state.makers.swap_remove(n))
    }

    pub(super) fn keep_maker(&self, maker: Maker) {
        let mut state = self.state();
        if state.makers.len() == KEPT_MAKERS {
            state.makers.remove(0);
        }
        state.makers.push(maker);
    }

    /// Closes the chunks that are open for idle listeners. When all listeners are idle, it also drops the makers and closes all other
    /// chunks.
    pub(super) fn close_idle(&self, now: Instant) {
        let mut state = self.state();
        let State { listeners, open, chunks, kept_open, makers, .. } = &mut *state;
        open.retain(|number, _| listeners.get(number).is_some_and(|position| !position.is_idle(now)));
        if listeners.values().any(|position| !position.is_idle(now)) {
            return;
        }
        makers.clear();
        for index in kept_open.drain(..) {
            if let Some(ChunkState::Done { open, .. }) = chunks.get_mut(index) {
                *open = None;
            }
        }
    }
}

fn done_length(chunk: &ChunkState) -> Option<u64> {
    if let ChunkState::Done { length, .. } = chunk { Some(*length) } else { None }
}
