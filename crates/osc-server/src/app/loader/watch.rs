//! What a load is doing just now, for those who wait for it: whether it is in a system call, and since when.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One load: shared between the thread that runs it and the control thread, without a lock.
#[derive(Debug)]
pub struct Watch {
    /// Whether its result is still to be used.
    wanted: AtomicBool,
    /// When the system call under way began, in nanoseconds after `epoch`; 0 while there is none.
    since: AtomicU64,
    epoch: Instant,
}

impl Default for Watch {
    fn default() -> Self {
        Self { wanted: AtomicBool::new(true), since: AtomicU64::new(0), epoch: Instant::now() }
    }
}

/// Ends a system call however it is left.
struct Call<'a>(&'a Watch);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.since.store(0, Ordering::Relaxed);
    }
}

impl Watch {
    /// Does something that may hang in the system.
    pub fn call<T>(&self, work: impl FnOnce() -> T) -> T {
        let now = u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.since.store(now.max(1), Ordering::Relaxed);
        let _call = Call(self);
        work()
    }

    /// For how long the system call under way has not returned; zero while there is none.
    pub(super) fn stalled(&self) -> Duration {
        match self.since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => self.epoch.elapsed().saturating_sub(Duration::from_nanos(since)),
        }
    }

    /// Whether the result is still to be used. If not, the load should end as soon as it can.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// The result will not be used.
    pub(super) fn give_up(&self) {
        self.wanted.store(false, Ordering::Relaxed);
    }
}

/// An open file each of whose reads is watched, and fails once the load is not wanted any more.
#[derive(Debug)]
pub struct Watched {
    file: File,
    watch: Arc<Watch>,
}

impl Watched {
    /// Opens a file to be read.
    ///
    /// # Errors
    /// [`crowd_media::Error::Io`].
    pub fn open(path: &Path, watch: &Arc<Watch>) -> Result<Self, crowd_media::Error> {
        let opened = watch.call(|| File::open(path));
        let file = opened.map_err(|source| io_error(path, source))?;
        Ok(Self { file, watch: watch.clone() })
    }

    /// A second handle of the same file, for what is asked of it besides reading.
    ///
    /// # Errors
    /// [`crowd_media::Error::Io`].
    pub fn handle(&self, path: &Path) -> Result<File, crowd_media::Error> {
        self.file.try_clone().map_err(|source| io_error(path, source))
    }

    fn call<T>(&mut self, work: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
        if !self.watch.is_wanted() {
            return Err(io::Error::other("another file was asked for in its place"));
        }
        let Self { file, watch } = self;
        watch.call(|| work(file))
    }
}

fn io_error(path: &Path, source: io::Error) -> crowd_media::Error {
    crowd_media::Error::Io { path: PathBuf::from(path), doing: "open", source }
}

impl Read for Watched {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.call(|file| file.read(out))
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.call(|file| file.seek(to))
    }
}
