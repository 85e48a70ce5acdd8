//! How long connections may take for what.

use std::time::Duration;

/// How long a connection may take for what, and how many are kept free for questions about the server itself.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the head of a request from its first byte on; of the first request, and for agreeing on encryption, from the start.
    pub head: Duration,
    /// After this, a connection whose request's head is not complete gives way to another.
    pub slow_head: Duration,
    /// For a request's body, again for each 16 KiB of it.
    pub body: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// Without a byte that could be sent, after which a connection gives way to another and has no part in its client's share.
    pub stalled: Duration,
    /// Without a byte that could be sent, after which a connection is closed in any case: no player stays paused so long.
    pub abandoned: Duration,
    /// Connections beyond all others, which are answered only what a supervisor asks.
    pub reserve: usize,
    /// As `head`, for these.
    pub reserve_head: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Limits {
    /// Those of every server.
    pub const DEFAULT: Self = Self {
        head: Duration::from_secs(10),
        slow_head: Duration::from_secs(1),
        body: Duration::from_secs(10),
        idle: Duration::from_secs(60),
        stalled: Duration::from_secs(10),
        abandoned: Duration::from_secs(3_600),
        reserve: 32,
        reserve_head: Duration::from_secs(2),
    };

    /// Those of the reserve.
    pub(super) fn of_reserve(self) -> Self {
        Self { head: self.reserve_head, stalled: self.slow_head, abandoned: self.head, ..self }
    }

    /// How often to look for connections that took too long.
    pub(super) fn pace(&self) -> Duration {
        let shortest = self.head.min(self.reserve_head).min(self.idle).min(self.abandoned);
        (shortest / 8).clamp(Duration::from_millis(5), Duration::from_secs(1))
    }
}
