//! The state of a running load: whether it is cancelled, and when its current system call began.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The state of one load. It is shared between the worker and the control thread, without a lock.
#[derive(Debug)]
pub struct LoadMonitor {
    /// Whether the load is cancelled, so its result will not be used.
    cancelled: AtomicBool,
    /// The time at which the current system call began, in nanoseconds after `epoch`; 0 when there is none.
    call_began: AtomicU64,
    epoch: Instant,
}

impl Default for LoadMonitor {
    fn default() -> Self {
        Self { cancelled: AtomicBool::new(false), call_began: AtomicU64::new(0), epoch: Instant::now() }
    }
}

/// Marks the end of a system call when it is dropped.
struct CallGuard<'a>(&'a LoadMonitor);

impl Drop for CallGuard<'_> {
    fn drop(&mut self) {
        self.0.call_began.store(0, Ordering::Relaxed);
    }
}

impl LoadMonitor {
    /// Makes a system call that may not return.
    pub fn call<T>(&self, work: impl FnOnce() -> T) -> T {
        let now = u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.call_began.store(now.max(1), Ordering::Relaxed);
        let _call = CallGuard(self);
        work()
    }

    /// The time since the current system call began; zero when there is none.
    pub(super) fn stalled_for(&self) -> Duration {
        match self.call_began.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            call_began => self.epoch.elapsed().saturating_sub(Duration::from_nanos(call_began)),
        }
    }

    /// Whether the load is cancelled. Its result will not be used, so the load should end soon.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Cancels the load.
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

/// An open file whose reads are monitored, and fail once the load is cancelled.
#[derive(Debug)]
pub struct MonitoredFile {
    file: File,
    monitor: Arc<LoadMonitor>,
}

impl MonitoredFile {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// The system's error.
    pub fn open(path: &Path, monitor: &Arc<LoadMonitor>) -> Result<Self, crowd_media::Error> {
        let opened = monitor.call(|| File::open(path));
        let file = opened.map_err(|source| io_error(path, source))?;
        Ok(Self { file, monitor: monitor.clone() })
    }

    /// A second handle of the same file, for its metadata.
    ///
    /// # Errors
    /// The system's error.
    pub fn handle(&self, path: &Path) -> Result<File, crowd_media::Error> {
        self.file.try_clone().map_err(|source| io_error(path, source))
    }

    fn call<T>(&mut self, work: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
        if self.monitor.is_cancelled() {
            return Err(io::Error::other("the load was cancelled"));
        }
        let Self { file, monitor } = self;
        monitor.call(|| work(file))
    }
}

fn io_error(path: &Path, source: io::Error) -> crowd_media::Error {
    crowd_media::Error::io(PathBuf::from(path), "open", source)
}

impl Read for MonitoredFile {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.call(|file| file.read(out))
    }
}

impl Seek for MonitoredFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.call(|file| file.seek(to))
    }
}
