//! The state that the thread that reads a live input and its tracks share.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use crate::feed::shared::FeederShared;
use crate::feed::{InputError, StreamEvent};
use crate::rt::Stream;

/// What all stems of a live input share. The audio thread never touches it.
pub(super) struct LiveSource {
    streams: Vec<Arc<Stream>>,
    shared: FeederShared,
    thread: OnceLock<Thread>,
    closed: AtomicBool,
    failing: AtomicBool,
    timeout: Duration,
    /// Since when the input has been read without a frame; none while it is not read.
    reading_since: Mutex<Option<Instant>>,
    /// Whether the present wait for frames was reported as stalled.
    stalled: AtomicBool,
}

impl LiveSource {
    pub fn new(streams: Vec<Arc<Stream>>, timeout: Duration) -> Self {
        Self {
            streams,
            shared: FeederShared::default(),
            thread: OnceLock::new(),
            closed: AtomicBool::new(false),
            failing: AtomicBool::new(false),
            timeout,
            reading_since: Mutex::new(None),
            stalled: AtomicBool::new(false),
        }
    }

    /// Sets the thread that reads the input.
    pub fn set_thread(&self, thread: Thread) {
        let _first = self.thread.set(thread);
    }

    /// Wakes the thread that reads the input, if it waits for room.
    pub fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Ends the thread that reads the input, once a read returns.
    pub fn close(&self) {
        self.closed.store(true, Relaxed);
        self.wake();
    }

    pub fn streams(&self) -> &[Arc<Stream>] {
        &self.streams
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    /// A read begins. After a read without frames it continues that one.
    pub fn begin_read(&self) {
        self.reading_since().get_or_insert_with(Instant::now);
    }

    /// The input has returned frames, an error or its end.
    pub fn end_read(&self) {
        *self.reading_since() = None;
        self.stalled.store(false, Relaxed);
    }

    pub fn report_failure(&self, error: &InputError) {
        if !self.failing.swap(true, Relaxed) {
            self.shared.push_event(StreamEvent::Unreadable(error.to_string()));
        }
    }

    /// The input ends: there is nothing that offline engines must not wait for.
    pub fn report_panic(&self, error: &InputError) {
        self.failing.store(false, Relaxed);
        self.shared.push_event(StreamEvent::Unreadable(error.to_string()));
    }

    pub fn report_recovery(&self) {
        if self.failing.swap(false, Relaxed) {
            self.shared.push_event(StreamEvent::Readable);
        }
    }

    pub fn report_damage(&self, words: String) {
        self.shared.push_event(StreamEvent::Damaged(words));
    }

    /// Whether the latest read failed.
    pub fn is_failing(&self) -> bool {
        self.failing.load(Relaxed)
    }

    fn reading_since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.reading_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the input has had no frames for longer than its time-out.
    pub fn is_stalled(&self) -> bool {
        self.reading_since().is_some_and(|since| since.elapsed() >= self.timeout)
    }

    /// The oldest event that was not returned yet.
    pub fn event(&self) -> Option<StreamEvent> {
        let event = self.shared.events.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        event.or_else(|| {
            let is_new = self.is_stalled() && !self.stalled.swap(true, Relaxed);
            is_new.then_some(StreamEvent::Stalled(self.timeout))
        })
    }
}
