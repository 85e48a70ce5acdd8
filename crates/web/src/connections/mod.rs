//! The connections of a server, with limits of their number, of the share of one client, and of the time of each phase.

mod budget;
mod connection;
mod limits;
mod lingering_stream;
mod monitored_stream;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use budget::Budget;
use connection::CloseReason;
pub(crate) use connection::Connection;
pub use limits::Limits;
pub(crate) use lingering_stream::LingeringStream;
pub(crate) use monitored_stream::MonitoredStream;

use crate::client::Proxies;
use crate::metrics::Metrics;

/// All connections of a server. A client may have as many as it leaves free for others. Connections that are idle, stalled, or slow
/// to send a request do not count in the share of their client, and are closed when there is no room for another. Beyond the limit
/// there is a small reserve, on which only the vital paths are served. Clones share the connections.
#[derive(Clone, Debug)]
pub struct Connections {
    inner: Arc<ConnectionsInner>,
}

#[derive(Debug)]
struct ConnectionsInner {
    proxies: Proxies,
    ordinary: Budget,
    reserve: Budget,
    closed: [AtomicU64; REASONS.len()],
}

/// The reasons for which connections are closed, with their names in metrics.
const REASONS: [(CloseReason, &str); 5] = [
    (CloseReason::Head, "slow_request"),
    (CloseReason::Idle, "idle"),
    (CloseReason::Abandoned, "stalled"),
    (CloseReason::Displaced, "gave_way"),
    (CloseReason::Refused, "refused"),
];

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct CountedConnection {
    inner: Arc<ConnectionsInner>,
    number: u64,
    pub connection: Arc<Connection>,
    /// Whether it belongs to the reserve.
    pub reserved: bool,
}

impl Connections {
    /// At most `limit` connections at once, besides the reserve. `proxies` are the proxies whose `X-Forwarded-For` is trusted.
    pub fn new(limit: usize, limits: Limits, proxies: Proxies) -> Self {
        let ordinary = Budget::new(limit, limits);
        let reserve = Budget::new(limits.reserve, limits.of_reserve());
        Self { inner: Arc::new(ConnectionsInner { proxies, ordinary, reserve, closed: Default::default() }) }
    }

    /// Counts a connection. Returns `None` when there is no room for it.
    pub(crate) fn enter(&self, peer: IpAddr) -> Option<CountedConnection> {
        let inner = &self.inner;
        let (client, proxied) = (peer.into(), inner.proxies.trust(peer));
        for (budget, reserved) in [(&inner.ordinary, false), (&inner.reserve, true)] {
            if let Some(admission) = budget.enter(client, proxied) {
                if admission.displaced {
                    inner.count(CloseReason::Displaced);
                }
                let (number, connection) = (admission.number, admission.connection);
                return Some(CountedConnection { inner: inner.clone(), number, connection, reserved });
            }
        }
        inner.count(CloseReason::Refused);
        None
    }

    /// Closes connections that take too long, and never returns.
    pub(crate) async fn close_overdue(&self) {
        let mut interval = tokio::time::interval(self.limits().check_interval());
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            for budget in [&self.inner.ordinary, &self.inner.reserve] {
                budget.close_overdue(|reason| self.inner.count(reason));
            }
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.inner.ordinary.limits
    }

    pub(crate) fn proxies(&self) -> &Proxies {
        &self.inner.proxies
    }

    /// Adds the metrics `connections`, `connections_reserve`, `connections_limit` and `connections_closed_total`.
    pub fn write_metrics(&self, metrics: &mut Metrics) {
        let counts = self.inner.ordinary.counts();
        let states =
            [("active", counts.active), ("idle", counts.idle), ("asking", counts.slow), ("stalled", counts.stalled)];
        metrics.gauges("connections", "Connections by activity.", "state", states.into_iter());
        let reserve = self.inner.reserve.counts();
        let reserve = reserve.active + reserve.idle + reserve.slow + reserve.stalled;
        metrics.gauge("connections_reserve", "Connections beyond the limit.", reserve as f64);
        metrics.gauge("connections_limit", "Largest number of connections.", self.inner.ordinary.limit() as f64);
        let closed = REASONS.iter().zip(&self.inner.closed);
        let closed = closed.map(|((_, name), count)| (*name, count.load(Ordering::Relaxed)));
        metrics.counters("connections_closed_total", "Connections that the server closed.", "reason", closed);
    }
}

impl ConnectionsInner {
    fn count(&self, reason: CloseReason) {
        let counters = REASONS.iter().zip(&self.closed).filter(|((of, _), _)| *of == reason);
        counters.for_each(|(_, counter)| _ = counter.fetch_add(1, Ordering::Relaxed));
    }
}

impl Drop for CountedConnection {
    fn drop(&mut self) {
        let budget = if self.reserved { &self.inner.reserve } else { &self.inner.ordinary };
        budget.leave(self.number);
    }
}
