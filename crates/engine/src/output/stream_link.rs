//! The link through which a stream reports to its supervisor. Reporting never makes the audio thread wait.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, TryLockError};
use std::time::{Duration, Instant};

/// The state that a stream and its supervisor share. Every stream has its own link, so reports of a closed stream cannot be
/// mistaken for those of the next stream.
pub(crate) struct StreamLink {
    retired: AtomicBool,
    /// Callbacks so far.
    calls: AtomicU64,
    /// The time at which the latest callback began, in nanoseconds since the meter's epoch.
    latest: AtomicU64,
    /// The number of errors other than xruns.
    errors: AtomicU64,
    fatal: AtomicBool,
    /// The system's id of the stream's thread, if the system refused it a priority that RealtimeKit may grant.
    unraised: AtomicU32,
    reason: Mutex<Option<String>>,
}

impl StreamLink {
    pub fn new() -> Self {
        Self {
            retired: AtomicBool::new(false),
            calls: AtomicU64::new(0),
            latest: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            fatal: AtomicBool::new(false),
            unraised: AtomicU32::new(0),
            reason: Mutex::new(None),
        }
    }

    /// Retires the stream: its callback writes silence from now on and does not take the renderer.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    pub fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }

    /// Records that the stream's thread was refused priority.
    pub fn set_unraised(&self, thread: u32) {
        self.unraised.store(thread, Ordering::Relaxed);
    }

    /// The thread that was refused priority. It is returned once.
    pub fn take_unraised(&self) -> Option<u32> {
        Some(self.unraised.swap(0, Ordering::Relaxed)).filter(|thread| *thread != 0)
    }

    /// Counts a callback that began `since` the meter's epoch.
    pub fn called(&self, since: Duration) {
        self.latest.store(since.as_nanos() as u64, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// When the latest callback began, if there was one.
    pub fn latest_call(&self, epoch: Instant) -> Option<Instant> {
        (self.calls() > 0).then(|| epoch + Duration::from_nanos(self.latest.load(Ordering::Relaxed)))
    }

    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    pub fn is_fatal(&self) -> bool {
        self.fatal.load(Ordering::Relaxed)
    }

    /// The first error that the device reported, or the first fatal one.
    pub fn reason(&self) -> Option<String> {
        match self.reason.try_lock() {
            Ok(reason) => reason.clone(),
            Err(TryLockError::Poisoned(reason)) => reason.into_inner().clone(),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Counts an error of the stream. Only the texts of the first error and of the first fatal error are kept, because a dead
    /// device may report a hundred thousand errors in a second.
    pub fn error(&self, fatal: bool, text: &dyn std::fmt::Display) {
        let first = self.errors.fetch_add(1, Ordering::Relaxed) == 0;
        let first_fatal = fatal && !self.is_fatal();
        if (first || first_fatal)
            && let Ok(mut reason) = self.reason.try_lock()
        {
            *reason = Some(text.to_string());
        }
        if fatal {
            self.fatal.store(true, Ordering::Relaxed);
        }
    }
}
