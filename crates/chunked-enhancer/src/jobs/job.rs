//! One rendition that somebody listens to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crowd_store::Stored;
use serde::Serialize;
use tokio::sync::watch;

use super::urgency::{Place, Urgency, choose};
use crate::error::Error;
use crate::maker::Maker;
use crate::rendition::Rendition;

/// Makers that are kept for whoever goes on where they stand.
const MAKERS: usize = 2;
/// Pieces that are held open behind their making.
const RECENT: usize = 2;

/// What is known of a piece.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    /// It may be in the store, nobody has looked.
    Unknown,
    /// It has to be made.
    Missing,
    /// A worker looks after it.
    Taken,
    /// It grows: this much of it is there.
    Growing(Stored),
    /// Another node makes it; look again then.
    Elsewhere(Instant),
    /// The store had it when it was looked for last. What was made just now is still open: a full disk keeps nothing.
    Done { length: u64, open: Option<Stored> },
}

pub(super) struct State {
    pub slots: Vec<Slot>,
    pub listeners: BTreeMap<u64, Place>,
    makers: Vec<Maker>,
    /// Pieces that are held open.
    recent: VecDeque<usize>,
    /// A worker measures the track: until it has, no other can do anything.
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
    /// Nobody listens: what is being done stops.
    pub(super) idle: AtomicBool,
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobStatus {
    /// Its name in URLs.
    pub id: String,
    /// The file.
    pub path: crowd_cli::path::Shown,
    /// What is made of it.
    #[serde(flatten)]
    pub treatment: crate::preset::Treatment,
    /// As what it is sent.
    pub format: crate::layout::Format,
    /// "waiting", "measuring", "making", "done", "failed" or "cancelled".
    pub state: &'static str,
    /// Why it failed.
    pub failure: Option<String>,
    /// What is wrong with the file as far as it was read, in words.
    pub warnings: Vec<String>,
    /// Pieces in all.
    pub pieces: usize,
    /// A digit for each piece: 0 missing, 1 in the making, 2 there.
    pub map: String,
    /// Pieces that are there.
    pub ready: usize,
    /// Frames per second of what comes out.
    pub sample_rate: u32,
    /// Frames of what comes out.
    pub frames: u64,
    /// Who listens.
    pub listeners: usize,
    /// Seconds of music made per second of work, where any was made.
    pub speed: Option<f64>,
    /// What the treatment came to, once measured.
    pub settled: Option<serde_json::Value>,
}

/// What there is of a piece.
pub(super) enum View {
    Unknown,
    Wait,
    Growing(Stored),
    Done { length: u64, open: Option<Stored> },
}

impl Job {
    pub(super) fn new(rendition: Rendition) -> Self {
        let slots = vec![Slot::Unknown; rendition.layout.count()];
        let state = State {
            slots,
            listeners: BTreeMap::new(),
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
        Self {
            rendition: Arc::new(rendition),
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            idle: AtomicBool::new(true),
        }
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

    /// Tells of every change.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn enter(&self, number: u64, place: Place) {
        self.change(|state| {
            state.listeners.insert(number, place);
            self.idle.store(false, Ordering::Relaxed);
        });
    }

    /// Lets a job that failed try again, for somebody who has just come.
    pub(super) fn retry(&self) {
        self.state().failure = None;
    }

    pub(super) fn leave(&self, number: u64) {
        self.change(|state| {
            state.listeners.remove(&number);
            state.left = Instant::now();
            self.idle.store(state.listeners.is_empty(), Ordering::Relaxed);
        });
    }

    /// The most urgent piece that a worker could make now.
    pub(super) fn wanted(&self, ahead: usize) -> Option<(Urgency, usize)> {
        let state = self.state();
        if state.measuring || state.cancelled || state.failure.is_some() || state.listeners.is_empty() {
            return None;
        }
        let now = Instant::now();
        let missing = |index: usize| match state.slots.get(index) {
            Some(Slot::Unknown | Slot::Missing) => true,
            Some(Slot::Elsewhere(until)) => *until <= now,
            _ => false,
        };
        let places: Vec<Place> = state.listeners.values().copied().collect();
        choose(&places, missing, state.slots.len(), ahead)
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
    pub(super) fn looked(&self, index: usize, found: Option<&Stored>) {
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
    pub(super) fn done(&self, index: usize, stored: Stored) {
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

    /// Lets go of what only matters while somebody listens.
    pub(super) fn rest(&self) {
        let mut state = self.state();
        state.makers.clear();
        for index in std::mem::take(&mut state.recent) {
            if let Some(Slot::Done { open, .. }) = state.slots.get_mut(index) {
                *open = None;
            }
        }
    }

    /// How far it is.
    pub fn status(&self) -> JobStatus {
        let state = self.state();
        let digit = |slot: &Slot| match slot {
            Slot::Unknown | Slot::Missing => '0',
            Slot::Taken | Slot::Growing(_) | Slot::Elsewhere(_) => '1',
            Slot::Done { .. } => '2',
        };
        let map: String = state.slots.iter().map(digit).collect();
        let ready = map.bytes().filter(|digit| *digit == b'2').count();
        let stage = if state.cancelled {
            "cancelled"
        } else if state.failure.is_some() {
            "failed"
        } else if ready == state.slots.len() {
            "done"
        } else if state.measuring {
            "measuring"
        } else if map.contains('1') {
            "making"
        } else {
            "waiting"
        };
        let rendition = &self.rendition;
        let seconds = rendition.seconds() / state.slots.len().max(1) as f64 * state.made as f64;
        JobStatus {
            id: self.id(),
            path: rendition.music.path().into(),
            treatment: rendition.treatment,
            format: rendition.format,
            state: stage,
            failure: state.failure.as_deref().map(str::to_owned),
            warnings: state.warnings.clone(),
            pieces: state.slots.len(),
            map,
            ready,
            sample_rate: rendition.rate.get(),
            frames: rendition.layout.frames(),
            listeners: state.listeners.len(),
            speed: (state.made > 0).then(|| seconds / state.busy.as_secs_f64().max(1e-9)),
            settled: rendition.settled().and_then(|settled| serde_json::to_value(settled).ok()),
        }
    }
}
