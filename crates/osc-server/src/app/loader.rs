//! Loads files on threads of their own while the engine plays.
//!
//! Everything that touches a file runs on worker threads, also the resolving of its path. So a network share that is gone
//! blocks only the threads that use it. The control thread only adds requests and takes finished loads.

mod decode;
mod file_access;
mod load_monitor;
mod memory_budget;
mod mount_points;
mod worker_pool;

pub use decode::decoder;
pub use file_access::{DecodeFn, FileAccess, FinishedLoad, LoadId, ResolveFn};
pub use load_monitor::{LoadMonitor, MonitoredFile};
pub use memory_budget::MemoryBudget;

use super::generators::Generators;
use crate::ids::BufferId;
use crate::refusal::RefusalKind;
use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};
use mount_points::MountPoints;
use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use worker_pool::WorkerPool;

/// The interval at which stalled reads are checked while the control thread waits.
const STALL_CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// The interval at which [`Loader::resolve_all`] checks whether files were resolved.
const RESOLVE_POLL_INTERVAL: Duration = Duration::from_millis(2);

/// The loader, as the control thread uses it. None of its calls touches a file.
pub struct Loader {
    pool: Arc<WorkerPool>,
    done: Receiver<FinishedLoad>,
    last_load: LoadId,
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader").field("last", &self.last_load).finish_non_exhaustive()
    }
}

impl Loader {
    /// Starts the first worker. All workers end when the loader is dropped.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(files: FileAccess) -> std::io::Result<Self> {
        Self::start_on(files, MountPoints::read)
    }

    fn start_on(files: FileAccess, mounts: fn() -> MountPoints) -> std::io::Result<Self> {
        let (finished, done) = unbounded();
        let loader = Self { pool: Arc::new(WorkerPool::new(files, mounts, finished)), done, last_load: 0 };
        loader.maintain()?;
        Ok(loader)
    }

    /// Requests a file for a buffer. An earlier request for the same buffer that has not ended is cancelled.
    pub fn request(&mut self, id: BufferId, path: &str) -> LoadId {
        self.last_load += 1;
        self.pool.request(self.last_load, id, path);
        self.maintain_or_log();
        self.last_load
    }

    /// Blocks until each requested file is resolved or refused, or a read of it has not returned for `timeout`. Returns
    /// the refusals.
    pub fn resolve_all(&mut self, timeout: Duration) -> HashMap<LoadId, (RefusalKind, String)> {
        let mut refused = HashMap::new();
        loop {
            // This check comes before the poll, so that the poll misses no result: a path counts as being resolved until
            // its result has been sent.
            let resolving = self.pool.is_resolving(timeout);
            while let Some(loaded) = self.poll() {
                refused.extend(loaded.result.err().map(|refusal| (loaded.load, refusal)));
            }
            if !resolving {
                return refused;
            }
            thread::sleep(RESOLVE_POLL_INTERVAL);
        }
    }

    /// Whether the path of a file was resolved and the file waits to be decoded.
    #[must_use]
    pub fn is_resolved(&self, load: LoadId) -> bool {
        self.pool.is_resolved(load)
    }

    /// Sets the function that decodes files. The files whose paths are resolved already are decoded first.
    pub fn set_decoder(&self, decode: DecodeFn) {
        self.pool.set_decoder(decode);
        self.maintain_or_log();
    }

    /// Cancels all loads that have not ended.
    pub fn cancel_all(&self) {
        self.pool.cancel_all();
    }

    /// A load that has ended, if there is one. To be called every few milliseconds.
    pub fn poll(&mut self) -> Option<FinishedLoad> {
        self.maintain_or_log();
        self.done.try_recv().ok()
    }

    /// Blocks until the next load ends; `None` when there is none.
    pub fn wait(&mut self) -> Option<FinishedLoad> {
        loop {
            // This check comes before the poll, so that the poll misses no result: a load stays in the pool until its
            // result has been sent.
            let busy = self.pool.is_busy();
            if let Some(loaded) = self.poll() {
                return Some(loaded);
            }
            if !busy {
                return None;
            }
            match self.done.recv_timeout(STALL_CHECK_INTERVAL) {
                Ok(loaded) => return Some(loaded),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// The memory that files use.
    #[must_use]
    pub fn memory(&self) -> &MemoryBudget {
        self.pool.memory()
    }

    /// The generators that are loaded in place of files.
    #[must_use]
    pub fn generators(&self) -> &Generators {
        self.pool.generators()
    }

    /// The number of reads that do not return.
    #[must_use]
    pub fn stalled(&self) -> usize {
        self.pool.stalled()
    }

    /// Becomes readable when a load has ended.
    #[must_use]
    pub const fn signal(&self) -> &Receiver<FinishedLoad> {
        &self.done
    }

    /// Gives up loads that have been stalled for too long, and starts workers in place of stalled ones.
    fn maintain(&self) -> std::io::Result<()> {
        while self.pool.maintain() {
            let pool = self.pool.clone();
            let started = thread::Builder::new().name("load".into()).spawn(move || pool.run_worker());
            if let Err(error) = started {
                self.pool.worker_not_started();
                return Err(error);
            }
        }
        Ok(())
    }

    fn maintain_or_log(&self) {
        if let Err(error) = self.maintain() {
            tracing::error!("cannot start a thread to load files: {error}");
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.pool.close();
    }
}

#[cfg(test)]
mod tests;
