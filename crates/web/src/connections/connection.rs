//! The state of one connection, and the time since which it has been in that state.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::limits::Limits;
use crate::client::Client;

/// The phase of the exchange on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The head of a request is being received.
    Head,
    /// A response is being made or sent.
    Responding,
    /// All requests are answered.
    Idle,
    /// The server has closed its side, and the client has not closed its side yet.
    Closing,
}

/// Whether a connection may be closed to make room for another, and since when. The order of these values is the order in which
/// connections are closed: first by variant, then by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Activity {
    /// All requests are answered.
    Idle(Instant),
    /// The head of a request arrives slowly.
    Slow(Instant),
    /// The client does not read, for example because a player is paused. Or the server has closed its side and the client has not.
    Stalled(Instant),
    /// The connection is in use and may not be closed.
    Active,
}

/// The reason why a connection was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// The head of a request took too long.
    Head,
    /// No request arrived.
    Idle,
    /// The client read nothing for very long.
    Abandoned,
    /// It made room for another connection.
    Displaced,
    /// There was no room for it.
    Refused,
}

/// How a connection is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CloseMode {
    /// The connection stays open.
    Open,
    /// After all written bytes are sent.
    Graceful,
    /// At once.
    Immediate,
}

#[derive(Debug)]
struct ConnectionState {
    phase: Phase,
    /// When the phase began.
    since: Instant,
    /// The time since which the system has accepted none of the bytes that are to be sent.
    blocked: Option<Instant>,
}

impl ConnectionState {
    fn enter(&mut self, phase: Phase) {
        (self.phase, self.since) = (phase, Instant::now());
    }
}

/// One connection: its state, which is updated by the task that serves it, and the request to close it.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The client, or the proxy from which the connection comes.
    pub(super) client: Client,
    /// Whether the connection comes from a proxy, which many clients may use.
    pub(super) proxied: bool,
    state: Mutex<ConnectionState>,
    close: watch::Sender<CloseMode>,
}

impl Connection {
    pub(super) fn new(client: Client, proxied: bool) -> Self {
        let state = ConnectionState { phase: Phase::Head, since: Instant::now(), blocked: None };
        Self { client, proxied, state: Mutex::new(state), close: watch::Sender::new(CloseMode::Open) }
    }

    fn state(&self) -> MutexGuard<'_, ConnectionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that the TLS handshake is complete. The first request is received from now on.
    pub(crate) fn tls_ready(&self) {
        self.state().enter(Phase::Head);
    }

    /// Records that bytes were received.
    pub(crate) fn bytes_received(&self) {
        let mut state = self.state();
        if state.phase == Phase::Idle {
            state.enter(Phase::Head);
        }
    }

    /// Records that the head of a request is complete.
    pub(crate) fn head_complete(&self) {
        self.state().enter(Phase::Responding);
    }

    /// Records that all bytes of a response were passed on to be sent.
    pub(crate) fn response_complete(&self) {
        let mut state = self.state();
        if state.phase == Phase::Responding {
            state.enter(Phase::Idle);
        }
    }

    /// Records that the server closes its side.
    pub(crate) fn close_started(&self) {
        let mut state = self.state();
        if state.phase != Phase::Closing {
            state.enter(Phase::Closing);
        }
    }

    /// Records that bytes were sent.
    pub(crate) fn bytes_sent(&self) {
        let mut state = self.state();
        state.blocked = None;
        if matches!(state.phase, Phase::Idle | Phase::Closing) {
            state.since = Instant::now();
        }
    }

    /// Records that the system accepts none of the bytes that are to be sent.
    pub(crate) fn send_blocked(&self) {
        self.state().blocked.get_or_insert_with(Instant::now);
    }

    /// Completes when the connection is to be closed after all written bytes are sent.
    pub(crate) async fn graceful_close(&self) {
        self.close_requested(CloseMode::Graceful).await;
    }

    /// Completes when the connection is to be closed at once.
    pub(crate) async fn immediate_close(&self) {
        self.close_requested(CloseMode::Immediate).await;
    }

    async fn close_requested(&self, mode: CloseMode) {
        // This cannot fail, because the sender lives as long as `self`.
        let _ = self.close.subscribe().wait_for(|requested| *requested == mode).await;
    }

    /// Requests that the connection is closed at once, to make room for another.
    pub(super) fn close_now(&self) {
        self.close.send_replace(CloseMode::Immediate);
    }

    pub(super) fn activity(&self, now: Instant, limits: &Limits) -> Activity {
        let state = self.state();
        match (state.blocked, state.phase, state.since) {
            (Some(since), ..) if has_passed(now, since, limits.stalled) => Activity::Stalled(since),
            (None, Phase::Closing, since) => Activity::Stalled(since),
            (None, Phase::Idle, since) => Activity::Idle(since),
            (None, Phase::Head, since) if has_passed(now, since, limits.slow_head) => Activity::Slow(since),
            _ => Activity::Active,
        }
    }

    /// Requests that the connection is closed when its phase takes too long. Returns the reason, once.
    pub(super) fn close_if_overdue(&self, now: Instant, limits: &Limits) -> Option<CloseReason> {
        let state = self.state();
        let (mode, reason) = match (state.blocked, state.phase, state.since) {
            (Some(since), ..) | (None, Phase::Closing, since) if has_passed(now, since, limits.abandoned) => {
                (CloseMode::Immediate, CloseReason::Abandoned)
            }
            // The end of the last response may still be in the buffers of the system, so the close is graceful.
            (None, Phase::Idle, since) if has_passed(now, since, limits.idle) => {
                (CloseMode::Graceful, CloseReason::Idle)
            }
            (None, Phase::Head, since) if has_passed(now, since, limits.head) => {
                (CloseMode::Immediate, CloseReason::Head)
            }
            _ => return None,
        };
        let changed = self.close.send_if_modified(|current| {
            let stricter =
                matches!((*current, mode), (CloseMode::Open, _) | (CloseMode::Graceful, CloseMode::Immediate));
            if stricter {
                *current = mode;
            }
            stricter
        });
        changed.then_some(reason)
    }
}

fn has_passed(now: Instant, since: Instant, limit: Duration) -> bool {
    now.saturating_duration_since(since) >= limit
}

#[cfg(test)]
mod tests;
