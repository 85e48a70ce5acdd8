//! How long connections may take in each phase.

use std::time::Duration;

/// How long a connection may take in each phase, and how many reserve connections there are.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the head of a request, counted from its first byte. For the first request and for the TLS handshake it is counted from
    /// the start of the connection.
    pub head: Duration,
    /// For the head of a request, after which the connection may be closed to make room for another.
    pub slow_head: Duration,
    /// For each 16 KiB of a request's body.
    pub body: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// Without a sent byte, after which the connection may be closed to make room for another. From then on it does not count in the share
    /// of its client.
    pub stalled: Duration,
    /// Without a sent byte, after which the connection is closed in any case. It is longer than a player is usually paused.
    pub abandoned: Duration,
    /// The number of connections beyond the limit, on which only the vital paths are served.
    pub reserve: usize,
    /// The `head` of reserve connections.
    pub reserve_head: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Limits {
    /// The limits of every server.
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

    /// The limits of the reserve connections.
    pub(super) fn of_reserve(self) -> Self {
        Self { head: self.reserve_head, stalled: self.slow_head, abandoned: self.head, ..self }
    }

    /// The interval at which connections are checked for having taken too long.
    pub(super) fn check_interval(&self) -> Duration {
        let shortest = self.head.min(self.reserve_head).min(self.idle).min(self.abandoned);
        (shortest / 8).clamp(Duration::from_millis(5), Duration::from_secs(1))
    }
}
