//! One connection: what it does, and since when.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::limits::Limits;
use crate::client::Client;

/// What a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The head of a request comes.
    Head,
    /// A request is answered.
    Responding,
    /// ConnectionsInner requests are answered.
    Idle,
    /// The client was told that nothing more comes, and has not closed it yet.
    Closing,
}

/// Whether a connection may be closed when there is no room for another, and since when. Those that come first in this order are
/// closed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Activity {
    /// ConnectionsInner requests are answered.
    Idle(Instant),
    /// The head of a request comes slowly.
    Slow(Instant),
    /// The client reads nothing, because a player is paused, say; or it has to close its side.
    Stalled(Instant),
    /// It is in use and may not be closed.
    Active,
}

/// Why a connection was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// The head of a request took too long.
    Head,
    /// No request came.
    Idle,
    /// The client read nothing for very long.
    Abandoned,
    /// Another needed its place.
    Displaced,
    /// There was no place for it.
    Refused,
}

/// How a connection is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Not at all.
    Open,
    /// When all that was written is sent.
    InOrder,
    /// At once.
    Now,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// When the phase began.
    since: Instant,
    /// Since when there are bytes to be sent and none could be.
    unsent: Option<Instant>,
}

impl State {
    fn enter(&mut self, phase: Phase) {
        (self.phase, self.since) = (phase, Instant::now());
    }
}

/// One connection, as it is seen where connections are counted and ended.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The client, or the proxy it comes from.
    pub(super) client: Client,
    /// Whether it comes from a proxy: there may be many clients behind it.
    pub(super) proxied: bool,
    state: Mutex<State>,
    end: watch::Sender<End>,
}

impl Connection {
    pub(super) fn new(client: Client, proxied: bool) -> Self {
        let state = State { phase: Phase::Head, since: Instant::now(), unsent: None };
        Self { client, proxied, state: Mutex::new(state), end: watch::Sender::new(End::Open) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is encrypted now; its first request may come.
    pub(crate) fn tls_ready(&self) {
        self.state().enter(Phase::Head);
    }

    /// Bytes came.
    pub(crate) fn bytes_received(&self) {
        let mut state = self.state();
        if state.phase == Phase::Idle {
            state.enter(Phase::Head);
        }
    }

    /// The head of a request is complete.
    pub(crate) fn head_complete(&self) {
        self.state().enter(Phase::Responding);
    }

    /// ConnectionsInner of an answer was handed over to be sent.
    pub(crate) fn response_complete(&self) {
        let mut state = self.state();
        if state.phase == Phase::Responding {
            state.enter(Phase::Idle);
        }
    }

    /// The client was told that nothing more comes.
    pub(crate) fn close_started(&self) {
        let mut state = self.state();
        if state.phase != Phase::Closing {
            state.enter(Phase::Closing);
        }
    }

    /// Bytes were sent.
    pub(crate) fn bytes_sent(&self) {
        let mut state = self.state();
        state.unsent = None;
        if matches!(state.phase, Phase::Idle | Phase::Closing) {
            state.since = Instant::now();
        }
    }

    /// There are bytes to be sent, and the system takes none.
    pub(crate) fn send_blocked(&self) {
        self.state().unsent.get_or_insert_with(Instant::now);
    }

    /// Comes back when it is to end as soon as what was written is sent.
    pub(crate) async fn graceful_close(&self) {
        self.ends(End::InOrder).await;
    }

    /// Comes back when it is to end at once.
    pub(crate) async fn immediate_close(&self) {
        self.ends(End::Now).await;
    }

    async fn ends(&self, end: End) {
        // The sender lives as long as this.
        let _ = self.end.subscribe().wait_for(|told| *told == end).await;
    }

    /// Ends it, so that another has its place.
    pub(super) fn displace(&self) {
        self.end.send_replace(End::Now);
    }

    pub(super) fn activity(&self, now: Instant, limits: &Limits) -> Activity {
        let state = self.state();
        match (state.unsent, state.phase, state.since) {
            (Some(since), ..) if over(now, since, limits.stalled) => Activity::Stalled(since),
            (None, Phase::Closing, since) => Activity::Stalled(since),
            (None, Phase::Idle, since) => Activity::Idle(since),
            (None, Phase::Head, since) if over(now, since, limits.slow_head) => Activity::Slow(since),
            _ => Activity::Active,
        }
    }

    /// Ends it when what it does takes too long, and tells why.
    pub(super) fn close_if_overdue(&self, now: Instant, limits: &Limits) -> Option<CloseReason> {
        let state = self.state();
        let (end, reason) = match (state.unsent, state.phase, state.since) {
            (Some(since), ..) | (None, Phase::Closing, since) if over(now, since, limits.abandoned) => {
                (End::Now, CloseReason::Abandoned)
            }
            // What the client has not read yet is with the system.
            (None, Phase::Idle, since) if over(now, since, limits.idle) => (End::InOrder, CloseReason::Idle),
            (None, Phase::Head, since) if over(now, since, limits.head) => (End::Now, CloseReason::Head),
            _ => return None,
        };
        let told = self.end.send_if_modified(|told| {
            let later = matches!((*told, end), (End::Open, _) | (End::InOrder, End::Now));
            if later {
                *told = end;
            }
            later
        });
        told.then_some(reason)
    }
}

fn over(now: Instant, since: Instant, limit: Duration) -> bool {
    now.saturating_duration_since(since) >= limit
}

#[cfg(test)]
mod tests;
