//! The state of the broadcast, shared by its thread and the control thread. The audio thread does not use it.

use crowd_streaming::icecast::source::{SourceUrl, Title};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The state of the broadcast.
#[derive(Debug, Clone, PartialEq)]
pub struct BroadcastHealth {
    /// The server and the mount, without the user.
    pub url: String,
    /// Whether sound is sent.
    pub state: BroadcastState,
    /// The time since the connection began. Zero without a connection.
    pub connected: Duration,
    /// How often a connection began.
    pub connections: u32,
    /// Why the latest attempt failed or the latest connection ended. `None` while sound is sent.
    pub problem: Option<String>,
    /// The seconds of sound that were sent.
    pub sent: f64,
    /// The seconds of sound that were not sent, because there was no connection or it was too slow.
    pub lost: f64,
}

/// Whether the sound is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BroadcastState {
    /// There is no broadcast.
    #[default]
    Off,
    /// Sound is sent.
    On,
    /// The first attempt to connect, or a later one, has not ended yet.
    Connecting,
    /// There is no connection, and the next attempt has not begun yet.
    Waiting,
}

impl BroadcastState {
    /// Its name in `/status`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Connecting => "connecting",
            Self::Waiting => "waiting",
        }
    }
}

/// The shared state.
#[derive(Debug)]
pub(super) struct Progress {
    url: String,
    shared: Mutex<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: BroadcastState,
    since: Option<Instant>,
    connections: u32,
    problem: Option<String>,
    sent: f64,
    lost: f64,
    title: Option<Title>,
}

impl Progress {
    pub fn new(url: &SourceUrl) -> Self {
        let shared = Shared {
            state: BroadcastState::Connecting,
            since: None,
            connections: 0,
            problem: None,
            sent: 0.0,
            lost: 0.0,
            title: None,
        };
        Self { url: url.to_string(), shared: Mutex::new(shared) }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that an attempt to connect has begun.
    pub fn connecting(&self) {
        self.shared().state = BroadcastState::Connecting;
    }

    /// Records that a connection has begun.
    pub fn connected(&self) {
        let mut shared = self.shared();
        (shared.state, shared.since, shared.problem) = (BroadcastState::On, Some(Instant::now()), None);
        shared.connections += 1;
    }

    /// Records that there is no connection, and why.
    pub fn waiting(&self, problem: String) {
        let mut shared = self.shared();
        (shared.state, shared.since, shared.problem) = (BroadcastState::Waiting, None, Some(problem));
    }

    /// Counts sound that was sent.
    pub fn sent(&self, seconds: f64) {
        self.shared().sent += seconds;
    }

    /// Counts sound that was not sent.
    pub fn lost(&self, seconds: f64) {
        self.shared().lost += seconds;
    }

    pub fn set_title(&self, title: Title) {
        self.shared().title = Some(title);
    }

    /// What plays.
    pub fn title(&self) -> Option<Title> {
        self.shared().title.clone()
    }

    pub fn health(&self) -> BroadcastHealth {
        let shared = self.shared();
        BroadcastHealth {
            url: self.url.clone(),
            state: shared.state,
            connected: shared.since.map(|since| since.elapsed()).unwrap_or_default(),
            connections: shared.connections,
            problem: shared.problem.clone(),
            sent: shared.sent,
            lost: shared.lost,
        }
    }
}
