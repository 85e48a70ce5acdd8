//! ConnectionsInner connections: how many there may be, who may have them, and how long each may take.

mod budget;
mod connection;
mod limits;
mod monitored_stream;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use budget::Budget;
use connection::CloseReason;
pub(crate) use connection::Connection;
pub use limits::Limits;
pub(crate) use monitored_stream::{LingeringStream, MonitoredStream};

use crate::client::Proxies;
use crate::metrics::Metrics;

/// ConnectionsInner connections of a server. A client may have as many as are left for others; those that are idle, stalled or slow in asking
/// count in no share, and give way when there is no room for another. Beyond the limit there is a small reserve, for questions about
/// the server itself only. Clones are the same connections.
#[derive(Clone, Debug)]
pub struct Connections {
    all: Arc<ConnectionsInner>,
}

#[derive(Debug)]
struct ConnectionsInner {
    proxies: Proxies,
    ordinary: Budget,
    reserve: Budget,
    ended: [AtomicU64; REASONS.len()],
}

/// Why connections were closed, as metrics name it.
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
    all: Arc<ConnectionsInner>,
    number: u64,
    pub connection: Arc<Connection>,
    /// Whether it is one of the reserve.
    pub reserved: bool,
}

impl Connections {
    /// At most `limit` at once, beside the reserve; `proxies` are believed whom they ask for.
    pub fn new(limit: usize, limits: Limits, proxies: Proxies) -> Self {
        let ordinary = Budget::new(limit, limits);
        let reserve = Budget::new(limits.reserve, limits.of_reserve());
        Self { all: Arc::new(ConnectionsInner { proxies, ordinary, reserve, ended: Default::default() }) }
    }

    /// ActivityCounts a connection, if there is room for it.
    pub(crate) fn enter(&self, peer: IpAddr) -> Option<CountedConnection> {
        let all = &self.all;
        let (client, proxied) = (peer.into(), all.proxies.trust(peer));
        for (budget, reserved) in [(&all.ordinary, false), (&all.reserve, true)] {
            if let Some((gave_way, number, connection)) = budget.enter(client, proxied) {
                if gave_way {
                    all.count(CloseReason::Displaced);
                }
                return Some(CountedConnection { all: all.clone(), number, connection, reserved });
            }
        }
        all.count(CloseReason::Refused);
        None
    }

    /// Ends those that take too long, for ever.
    pub(crate) async fn close_overdue(&self) {
        let mut pace = tokio::time::interval(self.limits().pace());
        pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            pace.tick().await;
            for budget in [&self.all.ordinary, &self.all.reserve] {
                budget.close_overdue(|reason| self.all.count(reason));
            }
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.all.ordinary.limits
    }

    pub(crate) fn proxies(&self) -> &Proxies {
        &self.all.proxies
    }

    /// How many there are and were, as metrics `connections`, `connections_reserve`, `connections_limit` and
    /// `connections_closed_total`.
    pub fn write_metrics(&self, metrics: &mut Metrics) {
        let counts = self.all.ordinary.counts();
        let states =
            [("active", counts.active), ("idle", counts.idle), ("asking", counts.slow), ("stalled", counts.stalled)];
        metrics.gauges("connections", "Connections by what they do.", "state", states.into_iter());
        let reserve = self.all.reserve.counts();
        let reserve = reserve.active + reserve.idle + reserve.slow + reserve.stalled;
        metrics.gauge("connections_reserve", "Connections beyond the limit.", reserve as f64);
        metrics.gauge("connections_limit", "Connections there may be.", self.all.ordinary.limit() as f64);
        let ended = REASONS.iter().zip(&self.all.ended);
        let ended = ended.map(|((_, name), count)| (*name, count.load(Ordering::Relaxed)));
        metrics.counters("connections_closed_total", "Connections the server closed.", "reason", ended);
    }
}

impl ConnectionsInner {
    fn count(&self, reason: CloseReason) {
        let counters = REASONS.iter().zip(&self.ended).filter(|((of, _), _)| *of == reason);
        counters.for_each(|(_, counter)| _ = counter.fetch_add(1, Ordering::Relaxed));
    }
}

impl Drop for CountedConnection {
    fn drop(&mut self) {
        let budget = if self.reserved { &self.all.reserve } else { &self.all.ordinary };
        budget.leave(self.number);
    }
}
