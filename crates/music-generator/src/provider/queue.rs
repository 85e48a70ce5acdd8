//! A bounded queue of events, read with and without async.
//!
//! A full queue makes the provider wait; nothing is left out. The queue is full when it has a certain length of audio, so that chunks
//! of 20 ms and of 2 s are treated alike.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::event::{CloseReason, ProviderEvent};

/// The most events that wait.
const MOST_EVENTS: usize = 512;

/// Why there is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEvent {
    /// There was none in time.
    #[error("no event of the music provider in time")]
    TimedOut,
    /// The session is closed, and all events were read.
    #[error("the session with the music provider is closed")]
    Ended,
}

#[derive(Default)]
struct State {
    queue: VecDeque<ProviderEvent>,
    /// The audio in the queue.
    audio: Duration,
    closed: bool,
    readers: Vec<Waker>,
    provider: Option<Waker>,
}

/// The queue of a session.
pub struct Events {
    state: Mutex<State>,
    filled: Condvar,
    most: Duration,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.lock();
        f.debug_struct("Events")
            .field("waiting", &state.queue.len())
            .field("audio", &state.audio)
            .field("closed", &state.closed)
            .finish_non_exhaustive()
    }
}

impl Events {
    /// An empty queue that is full when it has this much audio. One more chunk may exceed it.
    pub fn new(most: Duration) -> Self {
        Self { state: Mutex::default(), filled: Condvar::new(), most: most.max(Duration::from_millis(1)) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whom to wake when there is room again.
    pub fn wake_when_room(&self, provider: Waker) {
        self.lock().provider = Some(provider);
    }

    /// Appends an event.
    ///
    /// # Errors
    /// The event itself, when the queue is full. The waker of [`Events::wake_when_room`] is woken when it is to be tried again.
    #[allow(clippy::result_large_err, reason = "the event is given back")]
    pub fn try_push(&self, event: ProviderEvent) -> Result<(), ProviderEvent> {
        let mut state = self.lock();
        if state.closed {
            return Ok(());
        }
        let audio = duration(&event);
        if state.queue.len() >= MOST_EVENTS || (!audio.is_zero() && state.audio >= self.most) {
            return Err(event);
        }
        state.audio += audio;
        state.queue.push_back(event);
        self.wake_readers(state);
        Ok(())
    }

    /// Appends the last event, whether there is room or not. What is appended afterwards is dropped.
    pub fn close(&self, reason: CloseReason) {
        let mut state = self.lock();
        if !state.closed {
            state.closed = true;
            state.queue.push_back(ProviderEvent::Closed { reason });
            self.wake_readers(state);
        }
    }

    fn wake_readers(&self, mut state: MutexGuard<'_, State>) {
        let readers = std::mem::take(&mut state.readers);
        drop(state);
        self.filled.notify_all();
        readers.into_iter().for_each(Waker::wake);
    }

    /// Whether the last event was appended.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Waits until the last event was appended; false when that takes longer.
    pub fn wait_closed(&self, timeout: Duration) -> bool {
        let (state, _) = self
            .filled
            .wait_timeout_while(self.lock(), timeout, |state| !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.closed
    }

    /// The audio that waits in the queue.
    pub fn buffered(&self) -> Duration {
        self.lock().audio
    }

    /// Removes the audio that waits in the queue, and returns its length. What was asked for is then heard sooner.
    pub fn skip_audio(&self) -> Duration {
        let mut state = self.lock();
        state.queue.retain(|event| !matches!(event, ProviderEvent::Audio(_)));
        let skipped = std::mem::take(&mut state.audio);
        wake_provider(state);
        skipped
    }

    fn take(&self, mut state: MutexGuard<'_, State>) -> Option<Result<ProviderEvent, NoEvent>> {
        match state.queue.pop_front() {
            Some(event) => {
                state.audio = state.audio.saturating_sub(duration(&event));
                wake_provider(state);
                Some(Ok(event))
            }
            None => state.closed.then_some(Err(NoEvent::Ended)),
        }
    }

    /// The next event. Waits for it at most this long.
    ///
    /// # Errors
    /// [`NoEvent::TimedOut`] when there is none in time, [`NoEvent::Ended`] after [`ProviderEvent::Closed`].
    pub fn next(&self, timeout: Duration) -> Result<ProviderEvent, NoEvent> {
        let until = Instant::now().checked_add(timeout);
        loop {
            let state = self.lock();
            let is_empty = state.queue.is_empty() && !state.closed;
            if !is_empty {
                if let Some(result) = self.take(state) {
                    return result;
                }
                continue;
            }
            let left =
                until.map_or(Duration::from_secs(3_600), |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Err(NoEvent::TimedOut);
            }
            drop(self.filled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// The next event, for any async runtime. None after [`ProviderEvent::Closed`]. When it is dropped before it is ready, no event is
    /// lost.
    pub fn next_async(&self) -> NextEvent<'_> {
        NextEvent { events: self }
    }
}

/// The length of the audio of an event.
fn duration(event: &ProviderEvent) -> Duration {
    match event {
        ProviderEvent::Audio(audio) => audio.duration(),
        _ => Duration::ZERO,
    }
}

fn wake_provider(state: MutexGuard<'_, State>) {
    let provider = state.provider.clone();
    drop(state);
    if let Some(provider) = provider {
        provider.wake();
    }
}

/// A future of the next event. None after the last one.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct NextEvent<'a> {
    events: &'a Events,
}

impl Future for NextEvent<'_> {
    type Output = Option<ProviderEvent>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.events.lock();
        if state.queue.is_empty() && !state.closed {
            if !state.readers.iter().any(|reader| reader.will_wake(context.waker())) {
                state.readers.push(context.waker().clone());
            }
            return Poll::Pending;
        }
        Poll::Ready(self.events.take(state).and_then(Result::ok))
    }
}
