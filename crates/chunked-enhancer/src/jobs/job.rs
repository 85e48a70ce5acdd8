//! One rendition that somebody listens to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crowd_store::ChunkBytes;
use crowd_web::Client;
use tokio::sync::watch;

use super::place::Place;
use super::wants::Wants;
use crate::error::Error;
use crate::maker::Maker;
use crate::rendition::Rendition;
use crate::turns::Rank;

/// Makers that are kept for whoever goes on where they stand.
const MAKERS: usize = 2;
/// Pieces that are held open behind their making.
const RECENT: usize = 2;
/// Pieces that are made at once for listeners who have come to different ones. Ahead of them one after the other is made, which
/// needs no pre-rolls.
const AT_ONCE: usize = 8;

/// What is known of a piece.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    /// It may be in the store, nobody has looked.
    Unknown,
    /// It has to be made.
    Missing,
    /// A thread is there to make it.
    Taken,
    /// It grows: this much of it is there.
    Growing(ChunkBytes),
    /// Another node makes it; look again then.
    Elsewhere(Instant),
    /// The store had it when it was looked for last. What was made just now is still open: a full disk keeps nothing.
    Done { length: u64, open: Option<ChunkBytes> },
}

pub(super) struct State {
    pub slots: Vec<Slot>,
    pub listeners: BTreeMap<u64, Place>,
    /// The piece that each of them reads, where it is complete.
    open: BTreeMap<u64, (usize, ChunkBytes)>,
    /// Pieces that threads are there for.
    making: usize,
    makers: Vec<Maker>,
    /// Pieces that are held open.
    recent: VecDeque<usize>,
    /// The track is being measured: until it is, nothing else can be done.
    pub measuring: bool,
    pub failure: Option<Arc<str>>,
    /// What is wrong with the file as far as it was read.
    pub warnings: Vec<String>,
    pub cancelled: bool,
    /// When the last listener left.
    pub left: Instant,
    /// Pieces made by this process, and the time that took.
    pub made: usize,
    pub busy: Duration,
}

/// A rendition, its pieces and who listens.
pub struct Job {
    /// What is made.
    pub rendition: Arc<Rendition>,
    pub(super) state: Mutex<State>,
    changed: watch::Sender<u64>,
    /// Pieces that are made ahead of listeners.
    ahead: usize,
}

/// What there is of a piece.
pub(super) enum View {
    Unknown,
    Wait,
    Growing(ChunkBytes),
    Done { length: u64, open: Option<ChunkBytes> },
}

impl Job {
    pub(super) fn new(rendition: Rendition, ahead: usize) -> Self {
        let slots = vec![Slot::Unknown; rendition.layout.count()];
        let state = State {
            slots,
            listeners: BTreeMap::new(),
            open: BTreeMap::new(),
            making: 0,
            makers: Vec::new(),
            recent: VecDeque::new(),
            measuring: false,
            failure: None,
            warnings: Vec::new(),
            cancelled: false,
            left: Instant::now(),
            made: 0,
            busy: Duration::ZERO,
        };
        Self { rendition: Arc::new(rendition), state: Mutex::new(state), changed: watch::Sender::new(0), ahead }
    }

    /// What lies in memory, because its file is not hashed yet, is only there until two further pieces are made.
    fn ahead(&self) -> usize {
        if self.rendition.content_key().is_some() { self.ahead } else { 1 }
    }

    /// Its name in URLs.
    pub fn id(&self) -> String {
        self.rendition.key.to_string()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something that others wait for.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let told = change(&mut self.state());
        self.changed.send_modify(|changes| *changes = changes.wrapping_add(1));
        told
    }

    /// The same, where there may be nothing to change.
    fn change_if<T>(&self, change: impl FnOnce(&mut State) -> Option<T>) -> Option<T> {
        let told = change(&mut self.state());
        if told.is_some() {
            self.changed.send_modify(|changes| *changes = changes.wrapping_add(1));
        }
        told
    }

    /// Tells of every change.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn enter(&self, number: u64, place: Place) {
        self.change(|state| state.listeners.insert(number, place));
    }

    /// The place of a player of this client in the segment before `index`, if it has requested that one.
    pub(super) fn place_before(&self, client: Client, index: usize) -> Option<Place> {
        let state = self.state();
        let before = |place: &&Place| place.player == Some(client) && place.index + 1 == index;
        state.listeners.values().filter(before).max_by_key(|place| place.read).copied()
    }

    /// Closes what a listener holds open, until it reads again.
    pub(super) fn close(&self, number: u64) {
        self.state().open.remove(&number);
    }

    /// Bytes of a piece, if this job has made or read it.
    pub(super) fn length(&self, index: usize) -> Option<u64> {
        match self.state().slots.get(index) {
            Some(Slot::Done { length, .. }) => Some(*length),
            _ => None,
        }
    }

    /// Lets a job that failed try again, for somebody who has just come.
    pub(super) fn retry(&self) {
        self.state().failure = None;
    }

    pub(super) fn leave(&self, number: u64) {
        self.change(|state| {
            state.listeners.remove(&number);
            state.open.remove(&number);
            state.left = Instant::now();
        });
        self.rest(Instant::now());
    }

    /// A listener reads a piece from a byte on. Tells whether there may be something new to be made: it has come to another piece, or
    /// was at rest.
    pub(super) fn comes_to(&self, number: u64, index: usize, at: u64) -> bool {
        let (mut state, now) = (self.state(), Instant::now());
        let second = self.second(index, at);
        let Some(place) = state.listeners.get_mut(&number) else { return false };
        let other = place.index != index || place.rests(now);
        place.comes_to(index, second, now);
        other
    }

    /// A listener was given bytes.
    pub(super) fn served(&self, number: u64) {
        if let Some(place) = self.state().listeners.get_mut(&number) {
            place.served(Instant::now());
        }
    }

    /// The piece that a listener reads, if it holds that one open.
    pub(super) fn opened(&self, number: u64, index: usize) -> Option<ChunkBytes> {
        self.state().open.get(&number).filter(|open| open.0 == index).map(|open| open.1.clone())
    }

    pub(super) fn open(&self, number: u64, index: usize, stored: &ChunkBytes) {
        self.state().open.insert(number, (index, stored.clone()));
    }

    /// Whether there is a listener that is not at rest.
    pub(super) fn is_active(&self, now: Instant) -> bool {
        self.state().listeners.values().any(|place| !place.rests(now))
    }

    /// Seconds of music before a byte of a piece; where the piece's length is not known before it is made, no more than that.
    fn second(&self, index: usize, at: u64) -> f64 {
        let (layout, rate) = (&self.rendition.layout, f64::from(self.rendition.rate.get()));
        let (span, bytes) = (layout.span(index), layout.piece_bytes(index).max(1));
        (span.start as f64 + (span.end - span.start) as f64 * (at as f64 / bytes as f64).min(1.0)) / rate
    }

    /// How urgent a piece is, or the measurement that has to come before it; none when it is not wanted.
    pub(super) fn rank(&self, index: usize, now: Instant) -> Option<Rank> {
        let state = self.state();
        if state.cancelled {
            return None;
        }
        if state.measuring {
            return state.listeners.values().filter_map(|place| place.rank(place.at, now)).min();
        }
        let there = match state.slots.get(index) {
            Some(Slot::Growing(stored)) => stored.len(),
            _ => 0,
        };
        let places: Vec<Place> = state.listeners.values().copied().collect();
        self.wants(&places, now).rank(index, self.second(index, there))
    }

    fn wants<'a>(&self, places: &'a [Place], now: Instant) -> Wants<'a> {
        Wants { places, ahead: self.ahead(), pieces: self.rendition.layout.count(), now }
    }

    /// Takes the most urgent piece that has no thread yet, if it is to have one: one that a listener has come to, or the only one.
    pub(super) fn take(&self) -> Option<usize> {
        let now = Instant::now();
        let measured = self.rendition.settled().is_some();
        self.change_if(|state| {
            if state.measuring || state.cancelled || state.failure.is_some() {
                return None;
            }
            let missing = |index: usize| match state.slots.get(index) {
                Some(Slot::Unknown | Slot::Missing) => true,
                Some(Slot::Elsewhere(until)) => *until <= now,
                _ => false,
            };
            let places: Vec<Place> = state.listeners.values().copied().collect();
            let (_, index) = self.wants(&places, now).first(missing, |index| self.second(index, 0))?;
            let come_to = places.iter().any(|place| place.index == index && !place.prepares);
            if state.making > 0 && !(come_to && measured && state.making < AT_ONCE) {
                return None;
            }
            *state.slots.get_mut(index)? = Slot::Taken;
            state.making += 1;
            state.measuring = !measured;
            Some(index)
        })
    }

    /// Notes what became of a piece that was [taken](Self::take).
    pub(super) fn finish(&self, index: usize, slot: Option<Slot>, failure: Option<Arc<str>>) {
        self.change(|state| {
            state.making -= 1;
            state.measuring = false;
            if let (Some(place), Some(slot)) = (state.slots.get_mut(index), slot) {
                *place = slot;
            }
            state.failure = failure.or(state.failure.take());
        });
        self.rest(Instant::now());
    }

    /// What there is of a piece, for a listener.
    pub(super) fn view(&self, index: usize) -> Result<View, Error> {
        let state = self.state();
        if state.cancelled {
            return Err(Error::Cancelled);
        }
        if let Some(failure) = &state.failure {
            return Err(Error::Failed(failure.clone()));
        }
        Ok(match state.slots.get(index) {
            Some(Slot::Unknown) => View::Unknown,
            Some(Slot::Growing(stored)) => View::Growing(stored.clone()),
            Some(Slot::Done { length, open }) => View::Done { length: *length, open: open.clone() },
            _ => View::Wait,
        })
    }

    /// Notes what the store said about a piece nobody knew of.
    pub(super) fn looked(&self, index: usize, found: Option<&ChunkBytes>) {
        self.change(|state| {
            if let Some(slot) = state.slots.get_mut(index)
                && matches!(slot, Slot::Unknown | Slot::Done { .. })
            {
                *slot = found.map_or(Slot::Missing, |stored| Slot::Done { length: stored.len(), open: None });
            }
        });
    }

    pub(super) fn set(&self, index: usize, slot: Slot) {
        self.change(|state| {
            if let Some(place) = state.slots.get_mut(index) {
                *place = slot;
            }
        });
    }

    /// Notes that a piece is there; it and the latest before it are held open.
    pub(super) fn done(&self, index: usize, stored: ChunkBytes) {
        self.change(|state| {
            if state.recent.len() == RECENT
                && let Some(oldest) = state.recent.pop_front()
                && let Some(Slot::Done { open, .. }) = state.slots.get_mut(oldest)
            {
                *open = None;
            }
            state.recent.push_back(index);
            if let Some(slot) = state.slots.get_mut(index) {
                *slot = Slot::Done { length: stored.len(), open: Some(stored) };
            }
        });
    }

    /// Lengths of all pieces, once all are known.
    pub fn lengths(&self) -> Option<Vec<u64>> {
        let state = self.state();
        let length = |slot: &Slot| if let Slot::Done { length, .. } = slot { Some(*length) } else { None };
        state.slots.iter().map(length).collect()
    }

    /// The maker that stands where `index` begins, so that it needs neither a decoder nor a pre-roll.
    pub(super) fn take_maker(&self, index: usize) -> Option<Maker> {
        let mut state = self.state();
        let at = state.makers.iter().position(|maker| maker.next() == index)?;
        Some(state.makers.swap_remove(at))
    }

    pub(super) fn put_maker(&self, maker: Maker) {
        let mut state = self.state();
        if state.makers.len() == MAKERS {
            state.makers.remove(0);
        }
        state.makers.push(maker);
    }

    /// Closes what listeners at rest hold open, and where all are at rest what is kept for them too.
    pub(super) fn rest(&self, now: Instant) {
        let mut state = self.state();
        let State { listeners, open, slots, recent, makers, .. } = &mut *state;
        open.retain(|number, _| listeners.get(number).is_some_and(|place| !place.rests(now)));
        if listeners.values().any(|place| !place.rests(now)) {
            return;
        }
        makers.clear();
        for index in recent.drain(..) {
            if let Some(Slot::Done { open, .. }) = slots.get_mut(index) {
                *open = None;
            }
        }
    }
}
