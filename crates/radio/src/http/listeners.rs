//! The bytes that a listener without HLS receives.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use crowd_engine::Frames;
use crowd_streaming::icy::IcyWriter;
use futures_util::stream;
use tokio::sync::watch;

use crate::station::Cursor;

/// A listener that takes its sound is never this far behind. One whose connection was closed because it received nothing is further behind,
/// and has what is buffered for it still to receive.
const BEHIND: Duration = Duration::from_secs(1);

/// Counters of listeners.
#[derive(Debug, Default)]
pub struct ListenerCounts {
    now: AtomicU64,
    dropped: AtomicU64,
}

impl ListenerCounts {
    /// The number of listeners now.
    pub fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// The number of listeners that were disconnected because they did not take their sound.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// A listener. It is counted until it is dropped.
pub struct Listener {
    cursor: Cursor,
    played: watch::Receiver<Frames>,
    /// Inserts titles, if the player has asked for them.
    titles: Option<IcyWriter>,
    /// The bytes before the sound, until they are sent.
    header: Vec<u8>,
    counts: Arc<ListenerCounts>,
}

impl Listener {
    /// A listener that receives `header` and then the sound from `cursor` on.
    pub fn new(
        cursor: Cursor,
        played: watch::Receiver<Frames>,
        titles: Option<IcyWriter>,
        header: Vec<u8>,
        counts: Arc<ListenerCounts>,
    ) -> Self {
        counts.now.fetch_add(1, Ordering::Relaxed);
        Self { cursor, played, titles, header, counts }
    }

    /// The body of the response. It ends only with an error, when the listener is late. Bytes are made when they can be sent, so they are
    /// not collected for a listener that does not read.
    pub fn body(mut self) -> Body {
        // The first part is sent at once.
        self.played.mark_changed();
        Body::from_stream(stream::try_unfold(self, |mut listener| async move {
            let bytes = listener.next().await?;
            Ok::<_, io::Error>(Some((bytes, listener)))
        }))
    }

    async fn next(&mut self) -> Result<Bytes, io::Error> {
        loop {
            self.played.changed().await.map_err(|_| io::Error::other("the station stops"))?;
            let played = *self.played.borrow_and_update();
            let units = self.cursor.take(played).map_err(io::Error::other)?;
            let mut bytes = std::mem::take(&mut self.header);
            for unit in units {
                match &mut self.titles {
                    Some(titles) => titles.write(&unit.bytes, &unit.title, &mut bytes),
                    None => bytes.extend_from_slice(&unit.bytes),
                }
            }
            if !bytes.is_empty() {
                return Ok(bytes.into());
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.counts.now.fetch_sub(1, Ordering::Relaxed);
        let played = *self.played.borrow();
        if self.cursor.behind(played) > BEHIND {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}
