//! The status of the broadcast, in the log and in `/status`.

use crate::broadcast::{BroadcastHealth, BroadcastState};
use crate::throttled_counter::ThrottledCounter;
use crowd_cli::log::ClockTime;

/// The status of the broadcast in `/status`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BroadcastStatus {
    /// Whether sound is sent.
    pub state: BroadcastState,
    /// The seconds since the connection began; 0 without a connection.
    pub connected: f32,
    /// The seconds of sound that were not sent.
    pub lost: f32,
    /// How often a connection began after the first one.
    pub reconnects: u32,
}

impl BroadcastStatus {
    fn new(health: &BroadcastHealth) -> Self {
        Self {
            state: health.state,
            connected: health.connected.as_secs_f32(),
            lost: health.lost as f32,
            reconnects: health.connections.saturating_sub(1),
        }
    }
}

/// The state of the broadcast as it was last logged.
#[derive(Default)]
pub(crate) struct BroadcastLog {
    connections: u32,
    problem: Option<String>,
    /// The lost seconds when the latest connection began, or was lost.
    lost: f64,
    late: ThrottledCounter,
}

impl BroadcastLog {
    /// Logs the changes since the last call, and returns the status. `None` means that there is no broadcast.
    pub fn update(&mut self, health: Option<&BroadcastHealth>) -> BroadcastStatus {
        let Some(health) = health else { return BroadcastStatus::default() };
        if std::mem::replace(&mut self.connections, health.connections) != health.connections {
            let lost = health.lost - std::mem::replace(&mut self.lost, health.lost);
            match health.connections {
                1 => tracing::info!("broadcast: sending to {}", health.url),
                _ => tracing::info!("broadcast: sending to {} again; {lost:.1} s were not sent", health.url),
            }
        }
        if health.state == BroadcastState::On {
            self.problem = None;
            if let Some(n) = self.late.take_new(((health.lost - self.lost) * 1_000.0) as u64) {
                tracing::error!("broadcast: {n} ms were not sent: the connection is too slow");
            }
        } else if health.problem.is_some() && health.problem != self.problem {
            self.problem.clone_from(&health.problem);
            self.late = ThrottledCounter::default();
            tracing::error!(
                "broadcast: {}: {}; the sound goes on, and the server is tried again, at the latest after 30 s",
                health.url,
                health.problem.as_deref().unwrap_or_default(),
            );
        }
        BroadcastStatus::new(health)
    }
}

/// One line about a broadcast that has ended.
pub(crate) fn summary(health: &BroadcastHealth) -> String {
    let BroadcastHealth { url, connections, sent, lost, .. } = health;
    let connections = match connections {
        1 => "one connection".to_owned(),
        n => format!("{n} connections"),
    };
    format!("broadcast {} to {url}, {lost:.1} s not sent, {connections}", ClockTime(*sent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_status_counts_the_connections_after_the_first() {
        let mut health = BroadcastHealth {
            url: "icecast://h:8000/m".into(),
            state: BroadcastState::Connecting,
            connected: Duration::ZERO,
            connections: 0,
            problem: None,
            sent: 0.0,
            lost: 0.0,
        };
        let mut log = BroadcastLog::default();
        assert_eq!(log.update(None), BroadcastStatus::default());
        assert_eq!(log.update(Some(&health)).reconnects, 0);
        (health.state, health.connections, health.lost) = (BroadcastState::On, 1, 0.2);
        (health.sent, health.connected) = (61.0, Duration::from_secs(60));
        let status = log.update(Some(&health));
        let expected = BroadcastStatus { state: BroadcastState::On, connected: 60.0, lost: 0.2, reconnects: 0 };
        assert_eq!(status, expected);
        health.connections = 3;
        assert_eq!(log.update(Some(&health)).reconnects, 2);
        assert!(summary(&health).ends_with("to icecast://h:8000/m, 0.2 s not sent, 3 connections"));
    }
}
