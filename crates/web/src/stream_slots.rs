//! Limits how many streams are sent at once, and how many of them to one client.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::StatusCode;

use crate::client::Client;
use crate::client_share;
use crate::guarded_body::{BodyGuard, guarded};
use crate::problem::Problem;

/// The time after the last read of a body in which its slot still counts. A body is not read for longer than this when a player is
/// paused or has buffered enough.
const AT_REST: Duration = Duration::from_secs(10);

/// The value of [`SlotUse::last_read`] while a read of the next bytes is pending.
const PENDING: u64 = u64::MAX;

/// The error of a limit of the server that is reached.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{what}: {limit} at once are allowed; try again in a moment")]
pub struct LimitReached {
    /// The limited items: "streams".
    pub what: &'static str,
    /// The limit.
    pub limit: usize,
}

impl From<LimitReached> for Problem {
    fn from(error: LimitReached) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}

/// The reason why a client gets no slot.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum SlotError {
    /// All slots are taken.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
    /// The client has used up its share. The remaining slots are kept for other clients.
    #[error(
        "{what}: {limit} at once are allowed, {own} of them go to {client} already, and as many are kept for others; end one, \
         or try again in a moment"
    )]
    ClientShare {
        /// The limited items: "streams".
        what: &'static str,
        /// The limit.
        limit: usize,
        /// The number that the client has.
        own: usize,
        /// The client.
        client: Client,
    },
}

impl From<SlotError> for Problem {
    fn from(error: SlotError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}

/// A limited number of slots for streams. A client may have as many slots as it leaves free for others. Clones share the slots.
#[derive(Clone, Debug)]
pub struct StreamSlots {
    what: &'static str,
    limit: usize,
    at_rest: Duration,
    table: Arc<SlotTable>,
}

#[derive(Debug)]
struct SlotTable {
    created: Instant,
    next_number: AtomicU64,
    taken: Mutex<HashMap<u64, Arc<SlotUse>>>,
}

/// The client of a slot, and the time at which its body was read last.
#[derive(Debug)]
struct SlotUse {
    client: Client,
    /// When the body was read last, in milliseconds since [`SlotTable::created`], or [`PENDING`].
    last_read: AtomicU64,
}

/// A slot that is taken until it is dropped. A slot that no body holds always counts. A slot that [a body holds](Self::hold_for) counts
/// while the body is read.
#[derive(Debug)]
pub struct StreamSlot {
    table: Arc<SlotTable>,
    number: u64,
    slot_use: Arc<SlotUse>,
}

impl StreamSlots {
    /// Makes `limit` slots. Errors contain `what`, the name of the limited items: "streams".
    pub fn new(what: &'static str, limit: usize) -> Self {
        let table = SlotTable { created: Instant::now(), next_number: AtomicU64::new(0), taken: Mutex::default() };
        Self { what, limit, at_rest: AT_REST, table: Arc::new(table) }
    }

    /// Sets the time without a read after which a body does not count. The default is 10 s.
    #[must_use]
    pub const fn at_rest_after(mut self, time: Duration) -> Self {
        self.at_rest = time;
        self
    }

    /// Takes a slot for a client.
    ///
    /// # Errors
    /// [`SlotError`] when no slot is free for this client.
    pub fn take(&self, client: Client) -> Result<StreamSlot, SlotError> {
        let mut taken = self.table.taken();
        let (what, limit, all) = (self.what, self.limit, self.active(&taken).count());
        if all >= limit {
            return Err(LimitReached { what, limit }.into());
        }
        let own = self.active(&taken).filter(|slot_use| slot_use.client == client).count();
        if !client_share::may_take(own, all, limit) {
            return Err(SlotError::ClientShare { what, limit, own, client });
        }
        let number = self.table.next_number.fetch_add(1, Ordering::Relaxed);
        let slot_use = Arc::new(SlotUse { client, last_read: AtomicU64::new(PENDING) });
        taken.insert(number, slot_use.clone());
        Ok(StreamSlot { table: self.table.clone(), number, slot_use })
    }

    /// The slots that are taken and count.
    fn active<'a>(&self, taken: &'a HashMap<u64, Arc<SlotUse>>) -> impl Iterator<Item = &'a Arc<SlotUse>> {
        let now = self.table.now();
        let at_rest = u64::try_from(self.at_rest.as_millis()).unwrap_or(u64::MAX);
        // PENDING is later than any time.
        taken.values().filter(move |slot_use| slot_use.last_read.load(Ordering::Relaxed).saturating_add(at_rest) > now)
    }

    /// The number of slots that are taken and count.
    pub fn taken(&self) -> usize {
        self.active(&self.table.taken()).count()
    }

    /// The number of slots that are taken and do not count, because their bodies are not read.
    pub fn at_rest(&self) -> usize {
        let taken = self.table.taken();
        taken.len() - self.active(&taken).count()
    }

    /// The number of slots.
    pub const fn limit(&self) -> usize {
        self.limit
    }
}

impl SlotTable {
    fn taken(&self) -> MutexGuard<'_, HashMap<u64, Arc<SlotUse>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.created.elapsed().as_millis()).unwrap_or(PENDING - 1)
    }
}

impl StreamSlot {
    /// Returns `body`, which then holds this slot until it ends or is dropped. A body that is read again after it was at rest
    /// counts again, even when all slots have been taken since.
    pub fn hold_for(self, body: Body) -> Body {
        guarded(body, self)
    }
}

impl BodyGuard for StreamSlot {
    fn polled(&self, pending: bool) {
        let time = if pending { PENDING } else { self.table.now() };
        self.slot_use.last_read.store(time, Ordering::Relaxed);
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        self.table.taken().remove(&self.number);
    }
}

#[cfg(test)]
mod tests;
