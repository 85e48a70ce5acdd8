//! What listeners and makers share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crowd_store::{Store, StoreKey};

use super::job::Job;
use crate::error::Error;
use crate::measure::Measurements;
use crate::rendition::Rendition;
use crate::turns::Turns;

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
    /// How much is worked on at once, at least 1.
    pub workers: usize,
    /// Renditions that may be listened to at once, not counting those whose listeners are all at rest; and measurements and
    /// waveforms that may be waited for at once.
    pub jobs: usize,
}

#[derive(Default)]
pub(super) struct Desk {
    pub jobs: HashMap<StoreKey, Arc<Job>>,
    pub closed: bool,
}

pub(super) struct Shared {
    pub desk: Mutex<Desk>,
    pub closing: Condvar,
    pub turns: Arc<Turns>,
    pub store: Arc<dyn Store>,
    pub settings: Settings,
    pub tally: Tally,
    pub measurements: Arc<Measurements>,
    pub listeners: AtomicU64,
}

impl Shared {
    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many pieces ahead of its listeners a rendition is made.
    pub fn ahead(&self, rendition: &Rendition) -> usize {
        let all = rendition.layout.bytes();
        if all <= self.store.status().limit / 4 { rendition.layout.count() } else { AHEAD }
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

/// Runs what may wait for a disk beside the threads that serve.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Cancelled)
}
