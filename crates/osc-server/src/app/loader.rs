//! Turning paths into tracks while the music plays.
//!
//! All that touches a file runs on threads of its own, looking for it included: a share that is gone holds the one call that
//! asks it, and nothing else. The control thread only tells what is wanted, and takes what is ready.

mod decode;
mod files;
mod memory;
mod mount;
mod pool;
mod watch;

pub use decode::decoder;
pub use files::{Decode, Files, Loaded, Resolve, Ticket};
pub use memory::Memory;
pub use watch::{Watch, Watched};

use crate::ids::BufferId;
use crate::refusal::Kind;
use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};
use mount::Mounts;
use pool::Pool;
use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How often hanging reads are looked at while there is nothing else to do.
const LOOK: Duration = Duration::from_millis(50);

/// How often it is looked whether files were found.
const FIND: Duration = Duration::from_millis(2);

/// The control thread's side. None of its calls touches a file.
pub struct Loader {
    pool: Arc<Pool>,
    done: Receiver<Loaded>,
    last: Ticket,
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader").field("last", &self.last).finish_non_exhaustive()
    }
}

impl Loader {
    /// Starts the first thread. All end when the loader is dropped.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(files: Files) -> std::io::Result<Self> {
        Self::start_on(files, Mounts::read)
    }

    fn start_on(files: Files, mounts: fn() -> Mounts) -> std::io::Result<Self> {
        let (finished, done) = unbounded();
        let loader = Self { pool: Arc::new(Pool::new(files, mounts, finished)), done, last: 0 };
        loader.tend()?;
        Ok(loader)
    }

    /// Asks for a file to become a buffer. What was asked for that buffer before, and is not here yet, never comes.
    pub fn request(&mut self, id: BufferId, path: &str) -> Ticket {
        self.last += 1;
        self.pool.request(self.last, id, path);
        self.tend_or_tell();
        self.last
    }

    /// Waits until every file that was asked for is found or refused, or its disk has given no answer for `patience`. Returns
    /// what was refused and why.
    pub fn find(&mut self, patience: Duration) -> HashMap<Ticket, (Kind, String)> {
        let mut refused = HashMap::new();
        loop {
            // In this order: what is not looked for any more has been sent.
            let finding = self.pool.is_finding(patience);
            while let Some(loaded) = self.poll() {
                refused.extend(loaded.result.err().map(|why| (loaded.ticket, why)));
            }
            if !finding {
                return refused;
            }
            thread::sleep(FIND);
        }
    }

    /// Whether a file was found, and waits to be read.
    #[must_use]
    pub fn is_found(&self, ticket: Ticket) -> bool {
        self.pool.is_found(ticket)
    }

    /// Has files read from now on, those first that were found before.
    pub fn read_with(&self, decode: Decode) {
        self.pool.read_with(decode);
        self.tend_or_tell();
    }

    /// Forgets all that was asked for and is not here yet.
    pub fn clear(&self) {
        self.pool.clear();
    }

    /// A load that has ended, if there is one. To be called every few milliseconds.
    pub fn poll(&mut self) -> Option<Loaded> {
        self.tend_or_tell();
        self.done.try_recv().ok()
    }

    /// Waits for the next load to end; `None` when none is under way.
    pub fn wait(&mut self) -> Option<Loaded> {
        loop {
            // In this order: what is not under way any more has been sent.
            let busy = self.pool.is_busy();
            if let Some(loaded) = self.poll() {
                return Some(loaded);
            }
            if !busy {
                return None;
            }
            match self.done.recv_timeout(LOOK) {
                Ok(loaded) => return Some(loaded),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// What files take in memory.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        self.pool.memory()
    }

    /// Reads of files that give no answer.
    #[must_use]
    pub fn stalled(&self) -> usize {
        self.pool.stalled()
    }

    /// Becomes readable when a load has ended.
    #[must_use]
    pub const fn signal(&self) -> &Receiver<Loaded> {
        &self.done
    }

    /// Gives up what hangs, and starts threads that are missing for it.
    fn tend(&self) -> std::io::Result<()> {
        while self.pool.tend() {
            let pool = self.pool.clone();
            let started = thread::Builder::new().name("load".into()).spawn(move || pool.work());
            if let Err(error) = started {
                self.pool.lost();
                return Err(error);
            }
        }
        Ok(())
    }

    fn tend_or_tell(&self) {
        if let Err(error) = self.tend() {
            tracing::error!("no thread to read files with: {error}");
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
