//! The state that all listeners and workers share: the table of jobs, the permits, the store of chunks.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crowd_store::{Store, StoreKey};

use super::job::Job;
use crate::error::Error;
use crate::measure::Measurements;
use crate::permits::Permits;
use crate::rendition::Rendition;

/// How long a job without a listener is kept. A player that seeks closes one request before it opens another.
const KEEP_UNUSED: Duration = Duration::from_secs(60);
/// How many chunks are made in advance for a listener, when the rendition is too long to be kept as a whole.
const LOOKAHEAD: usize = 4;

/// Counters for the metrics of the server.
#[derive(Debug, Default)]
pub struct JobCounters {
    /// Chunks made.
    pub made: AtomicU64,
    /// Frames made.
    pub frames: AtomicU64,
    /// Microseconds spent making them.
    pub busy_us: AtomicU64,
    /// Chunks that were started and then no longer needed.
    pub abandoned: AtomicU64,
    /// Jobs that failed.
    pub failed: AtomicU64,
    /// Tracks measured.
    pub measured: AtomicU64,
    /// Chunks that were not made here, because another node or process was making them.
    pub elsewhere: AtomicU64,
}

impl JobCounters {
    pub(super) fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

/// How much work is done at once.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many items of work run at once, at least 1.
    pub workers: usize,
    /// The most renditions that have listeners at once. Renditions whose listeners are all idle are not counted. Requests may wait for
    /// as many measurements, and for as many waveforms.
    pub jobs: usize,
}

#[derive(Default)]
pub(super) struct JobTable {
    pub jobs: HashMap<StoreKey, Arc<Job>>,
    pub closed: bool,
}

pub(super) struct JobContext {
    pub table: Mutex<JobTable>,
    pub closing: Condvar,
    pub permits: Arc<Permits>,
    pub store: Arc<dyn Store>,
    pub settings: Settings,
    pub counters: JobCounters,
    pub measurements: Arc<Measurements>,
    pub next_listener: AtomicU64,
}

impl JobContext {
    pub fn table(&self) -> MutexGuard<'_, JobTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of chunks of a rendition that are made in advance for each listener.
    pub fn lookahead(&self, rendition: &Rendition) -> usize {
        let all = rendition.layout.bytes();
        if all <= self.store.status().limit / 4 { rendition.layout.chunk_count() } else { LOOKAHEAD }
    }
}

impl JobTable {
    /// Removes jobs that have had no listener for [`KEEP_UNUSED`].
    pub fn remove_unused(&mut self) {
        let now = Instant::now();
        self.jobs.retain(|_, job| {
            let state = job.state();
            !state.listeners.is_empty() || now.duration_since(state.unused_since) < KEEP_UNUSED
        });
    }
}

/// Runs work that may wait for a disk on a thread that serves no requests.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Cancelled)
}
