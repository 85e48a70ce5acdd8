//! Players that request a track segment by segment. They are kept here from the end of one request to the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crowd_store::StoreKey;
use crowd_web::Client;

use super::listener::Listener;
use crate::error::Error;

/// How long a player that has read a segment may take to request the next one. During this time the player counts as a listener, and the
/// next segments are made in advance.
const PAUSE: Duration = Duration::from_secs(10);
/// The most players that are kept between two requests. When there would be more, the one that has been idle for the longest time is
/// removed.
const MAX_IDLE: usize = 1_024;

/// Listeners that have read a segment to its end and are kept for the next request of their player.
#[derive(Default)]
pub(super) struct Players(Mutex<IdleListeners>);

#[derive(Default)]
struct IdleListeners {
    all: Vec<IdleListener>,
    closed: bool,
}

struct IdleListener {
    /// Chunks are made for it until it is dropped.
    _listener: Listener,
    client: Client,
    rendition: StoreKey,
    /// The segment that was read to its end.
    segment: usize,
    /// When the end of the segment was read.
    since: Instant,
}

impl Players {
    /// A listener of the segment `index` for a player of `client`. It replaces the listener that was kept for the previous segment.
    pub fn segment_listener(self: &Arc<Self>, listener: Listener, index: usize, client: Client) -> SegmentListener {
        let key = listener.job().rendition.key;
        let before: Vec<_> = {
            let mut idle = self.idle();
            idle.all
                .extract_if(.., |idle| idle.client == client && idle.rendition == key && idle.segment + 1 == index)
                .collect()
        };
        // Dropping a listener locks its job, so it is done after the lock of the players is released.
        drop(before);
        SegmentListener { listener: Some(listener), players: self.clone(), index, client, complete: false }
    }

    /// Removes the listeners whose players have not requested the next segment in time.
    pub fn remove_late(&self, now: Instant) {
        let late: Vec<_> = {
            let mut idle = self.idle();
            idle.all.extract_if(.., |idle| now.duration_since(idle.since) >= PAUSE).collect()
        };
        drop(late);
    }

    /// Removes all listeners, and keeps none from now on.
    pub fn close(&self) {
        let all = {
            let mut idle = self.idle();
            idle.closed = true;
            std::mem::take(&mut idle.all)
        };
        drop(all);
    }

    fn keep(&self, listener: Listener, index: usize, client: Client) {
        listener.close();
        let rendition = listener.job().rendition.key;
        let mut idle = self.idle();
        let oldest = (idle.all.len() >= MAX_IDLE).then(|| idle.all.remove(0));
        let listener = IdleListener { _listener: listener, client, rendition, segment: index, since: Instant::now() };
        let refused = if idle.closed {
            Some(listener)
        } else {
            idle.all.push(listener);
            None
        };
        drop(idle);
        drop((oldest, refused));
    }

    fn idle(&self) -> MutexGuard<'_, IdleListeners> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads one segment. If it is dropped before the end of the segment was read, the client has gone, and the work for that client ends. If
/// it is dropped after that, the player is expected to request the next segment.
pub struct SegmentListener {
    /// `None` only while this `SegmentListener` is being dropped.
    listener: Option<Listener>,
    players: Arc<Players>,
    index: usize,
    client: Client,
    complete: bool,
}

impl SegmentListener {
    /// The listener that reads the segment.
    pub fn listener(&self) -> Option<&Listener> {
        self.listener.as_ref()
    }

    /// Waits until the segment is made, and returns its length in bytes.
    ///
    /// # Errors
    /// The reason why the segment cannot be made.
    pub async fn length(&mut self) -> Result<u64, Error> {
        self.listener.as_mut().ok_or(Error::Cancelled)?.length(self.index).await
    }

    /// Waits until the segment has bytes from byte `at` on, and returns at most `most` of them. Returns none after the end of the segment.
    ///
    /// # Errors
    /// The reason why the segment cannot be made.
    pub async fn read(&mut self, at: u64, most: u64) -> Result<Vec<u8>, Error> {
        let listener = self.listener.as_mut().ok_or(Error::Cancelled)?;
        let bytes = listener.read(self.index, at, most).await?;
        let end = at + bytes.len() as u64;
        self.complete = listener.job().length(self.index).is_some_and(|length| end >= length);
        Ok(bytes)
    }
}

impl Drop for SegmentListener {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.take().filter(|_| self.complete) {
            self.players.keep(listener, self.index, self.client);
        }
    }
}
