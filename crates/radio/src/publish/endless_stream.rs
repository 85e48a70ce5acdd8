//! What publishers of the endless stream have in common: where it is taken from, and attempts until the station ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crowd_cli::backoff::Backoff;
use crowd_engine::Frames;
use tokio::sync::watch;

use super::progress::Progress;
use super::wait::{POLL, wait};
use crate::station::{Cursor, LiveStream, Unit};

/// After a connection of this length, the next attempt begins after the shortest time.
const STABLE: Duration = Duration::from_secs(10);

/// An endless stream, and how much of it was played.
#[derive(Clone)]
pub(super) struct EndlessStream {
    pub stream: Arc<LiveStream>,
    pub played: watch::Receiver<Frames>,
}

/// When a server accepted, in an attempt to send.
pub(super) type Connected = Option<Instant>;

impl EndlessStream {
    /// Calls `send` until `stopped`, which sends until the connection is lost. Each attempt that fails is followed by a longer wait. `send`
    /// begins only when there is sound, because servers close connections over which nothing comes.
    pub fn keep_sending(
        &self,
        progress: &Progress,
        stopped: &AtomicBool,
        mut send: impl FnMut(&mut Connected) -> Result<(), String>,
    ) {
        let mut backoff = Backoff::new();
        while !stopped.load(Ordering::Relaxed) {
            if self.cursor().is_none() {
                thread::sleep(POLL);
                continue;
            }
            let mut connected = None;
            if let Err(problem) = send(&mut connected) {
                progress.failed(problem);
            }
            if connected.is_some_and(|since: Instant| since.elapsed() >= STABLE) {
                backoff.reset();
            }
            wait(backoff.next_time(), stopped);
        }
    }

    fn cursor(&self) -> Option<Cursor> {
        Cursor::new(self.stream.clone(), *self.played.borrow())
    }

    /// The place of a connection that begins now: the last seconds are sent first.
    ///
    /// # Errors
    /// A text for the user, when there is no sound.
    pub fn begin(&self) -> Result<Cursor, String> {
        self.cursor().ok_or_else(|| "the station has no sound to send".to_owned())
    }

    /// What was played since the last call.
    ///
    /// # Errors
    /// A text for the user, when the server takes too little.
    pub fn take(&self, cursor: &mut Cursor) -> Result<Vec<Unit>, String> {
        let played = *self.played.borrow();
        cursor.take(played).map_err(|_| "the server takes the stream slower than it plays".to_owned())
    }
}
