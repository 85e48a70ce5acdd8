//! What listeners and workers share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crowd_store::{Key, Store};

use super::job::Job;
use crate::measure::Measurements;

/// How long a job without a listener is kept: a player that seeks closes one request and opens another.
const LINGER: Duration = Duration::from_secs(60);
/// Pieces made ahead of a listener of a rendition that is too long to be made as a whole.
const AHEAD: usize = 4;

/// Numbers for those who watch the server.
#[derive(Debug, Default)]
pub struct Tally {
    /// Pieces made.
    pub made: AtomicU64,
    /// Frames made.
    pub frames: AtomicU64,
    /// Microseconds spent making them.
    pub busy_us: AtomicU64,
    /// Pieces that were begun and not wanted any more.
    pub abandoned: AtomicU64,
    /// Jobs that failed.
    pub failed: AtomicU64,
    /// Tracks measured.
    pub measured: AtomicU64,
    /// Pieces another node or process was making.
    pub elsewhere: AtomicU64,
}

impl Tally {
    pub(super) fn count(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

/// How the work is shared out.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Threads that make pieces, at least 1.
    pub workers: usize,
    /// Renditions that may be listened to at once.
    pub jobs: usize,
}

#[derive(Default)]
pub(super) struct Desk {
    pub jobs: HashMap<Key, Arc<Job>>,
    /// Workers that make background pieces.
    pub in_background: usize,
    pub closed: bool,
}

pub(super) struct Shared {
    pub desk: Mutex<Desk>,
    pub work: Condvar,
    pub store: Arc<dyn Store>,
    pub settings: Settings,
    pub tally: Tally,
    pub measurements: Measurements,
    pub listeners: AtomicU64,
}

impl Shared {
    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many pieces ahead of its listeners a job is made.
    pub fn ahead(&self, job: &Job) -> usize {
        let all = job.rendition.layout.bytes();
        if all <= self.store.status().limit / 4 { job.rendition.layout.count() } else { AHEAD }
    }
}

impl Desk {
    /// Removes jobs that have had no listener for [`LINGER`].
    pub fn tidy(&mut self) {
        let now = Instant::now();
        self.jobs.retain(|_, job| {
            let state = job.state();
            !state.listeners.is_empty() || now.duration_since(state.left) < LINGER
        });
    }
}
