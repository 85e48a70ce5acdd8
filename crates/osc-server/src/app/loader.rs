//! Turning paths into tracks while the music plays.
//!
//! All that touches a file runs on threads of its own, looking for it included: a share that is gone holds the one call that
//! asks it, and nothing else. The control thread only tells what is wanted, and takes what is ready.

mod decode;
mod memory;
mod mount;
mod pool;
mod watch;

pub use decode::decoder;
pub use memory::Memory;
pub use watch::{Watch, Watched};

use crate::ids::BufferId;
use crate::media_root::MediaRoot;
use crate::refusal::Kind;
use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};
use crowd_engine::Track;
use mount::Mounts;
use pool::Pool;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How often hanging reads are looked at while there is nothing else to do.
const LOOK: Duration = Duration::from_millis(50);

/// Finds the file that a path means; an error is what to tell the user.
pub type Resolve = Arc<dyn Fn(&str) -> Result<PathBuf, String> + Send + Sync>;
/// Reads a file at the engine's sample rate; an error is what to tell the user. What may hang goes through the [`Watch`],
/// and what takes long ends early when that says that it is not wanted any more.
pub type Decode = Arc<dyn Fn(&Path, &Arc<Watch>) -> Result<Track, String> + Send + Sync>;

/// How files are found and read.
#[derive(Clone)]
pub struct Files {
    /// What relative paths count from.
    pub base: PathBuf,
    /// Finds them.
    pub resolve: Resolve,
    /// Reads them.
    pub decode: Decode,
    /// What they take in all.
    pub memory: Memory,
    /// After how long without an answer of the system a file is given up.
    pub timeout: Duration,
}

impl Files {
    /// After how long without an answer a file is given up, unless something else is said. Disks that slept need some ten
    /// seconds.
    pub const TIMEOUT: Duration = Duration::from_secs(20);

    /// Those that `media` lets in, read by `decode`; given up after [`TIMEOUT`](Self::TIMEOUT), with no limit to memory.
    #[must_use]
    pub fn new(media: MediaRoot, decode: Decode) -> Self {
        let base = media.folder().map(Path::to_owned).or_else(|| std::env::current_dir().ok()).unwrap_or_default();
        let resolve: Resolve = Arc::new(move |path| media.resolve(path).map_err(|error| error.to_string()));
        Self { base, resolve, decode, memory: Memory::new(u64::MAX), timeout: Self::TIMEOUT }
    }
}

/// Which of many loads.
pub type Ticket = u64;

/// A load that came to its end.
#[derive(Debug)]
pub struct Loaded {
    /// Which one.
    pub ticket: Ticket,
    /// The track, or what kind of refusal this is and its text.
    pub result: Result<Track, (Kind, String)>,
}

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
