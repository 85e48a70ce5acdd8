//! The state of a publisher, which its thread changes and the server shows.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::station::wall_time;

/// Whether a publisher publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PublisherState {
    /// The first attempt has not ended yet.
    Connecting,
    /// What the station plays is published.
    Publishing,
    /// The last attempt has failed. There will be another one.
    Waiting,
}

/// The state of a publisher, for `/healthz`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublisherStatus {
    /// Its URL without what may be secret.
    pub name: String,
    /// Whether it publishes.
    pub state: PublisherState,
    /// Since when it is in this state, in seconds after 1970-01-01T00:00:00 UTC.
    pub since: f64,
    /// How often it began to publish again after a failure.
    pub reconnections: u64,
    /// The number of segments that were not published, because they had left the playlist before they could be uploaded.
    pub skipped_segments: u64,
    /// Why the last attempt that failed did so, also if it publishes again. It contains no secret.
    pub last_error: Option<String>,
}

/// The state of a publisher, shared by its thread and the server.
#[derive(Debug)]
pub struct Progress(Mutex<PublisherStatus>);

impl Progress {
    /// The state of a publisher with this name, which has not begun.
    pub fn new(name: String) -> Self {
        let state = PublisherState::Connecting;
        let (reconnections, skipped_segments, last_error) = (0, 0, None);
        Self(Mutex::new(PublisherStatus { name, state, since: now(), reconnections, skipped_segments, last_error }))
    }

    fn lock(&self) -> MutexGuard<'_, PublisherStatus> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name of the publisher.
    pub fn name(&self) -> String {
        self.lock().name.clone()
    }

    /// The state now.
    pub fn status(&self) -> PublisherStatus {
        self.lock().clone()
    }

    /// Records that it publishes.
    pub fn publishing(&self) {
        let mut status = self.lock();
        if status.state == PublisherState::Publishing {
            return;
        }
        status.reconnections += u64::from(status.state == PublisherState::Waiting);
        (status.state, status.since) = (PublisherState::Publishing, now());
        tracing::info!("{}: publishing", status.name);
    }

    /// Records that an attempt has failed, and why. The reason must not contain a secret.
    pub fn failed(&self, error: String) {
        let mut status = self.lock();
        if status.state != PublisherState::Waiting {
            (status.state, status.since) = (PublisherState::Waiting, now());
            tracing::warn!("{}: {error}. It is tried again until it succeeds", status.name);
        } else if status.last_error.as_ref() != Some(&error) {
            tracing::warn!("{}: {error}", status.name);
        }
        status.last_error = Some(error);
    }

    /// Counts segments that are not published.
    pub fn skipped(&self, segments: u64) {
        let mut status = self.lock();
        status.skipped_segments += segments;
        tracing::warn!("{}: {segments} segments left the playlist before they could be uploaded", status.name);
    }
}

fn now() -> f64 {
    wall_time().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reconnections_are_counted_and_the_last_error_stays() {
        let progress = Progress::new("icecast://a:8000/b".to_owned());
        assert_eq!(progress.status().state, PublisherState::Connecting);
        progress.failed("x".to_owned());
        progress.failed("y".to_owned());
        progress.publishing();
        progress.publishing();
        progress.skipped(2);
        let PublisherStatus { state, reconnections, skipped_segments, last_error, .. } = progress.status();
        assert_eq!((state, reconnections, skipped_segments), (PublisherState::Publishing, 1, 2));
        assert_eq!(last_error.as_deref(), Some("y"));
        let first = Progress::new("b".to_owned());
        first.publishing();
        assert_eq!(first.status().reconnections, 0);
    }
}
