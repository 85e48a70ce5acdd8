//! Limits the number of connections, and chooses the connection that is closed to make room for a new one.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::connection::{Activity, CloseReason, Connection};
use super::limits::Limits;
use crate::client::Client;
use crate::client_share;

/// The open connections of a server, `limit` at most.
#[derive(Debug)]
pub(super) struct Budget {
    pub limits: Limits,
    limit: usize,
    next_number: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
}

/// The number of connections of each activity.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ActivityCounts {
    pub active: u64,
    pub idle: u64,
    pub slow: u64,
    pub stalled: u64,
}

/// A connection that the budget has accepted.
pub(super) struct Admission {
    pub number: u64,
    pub connection: Arc<Connection>,
    /// Whether another connection was closed to make room for this one.
    pub displaced: bool,
}

impl Budget {
    pub fn new(limit: usize, limits: Limits) -> Self {
        Self { limits, limit, next_number: AtomicU64::new(0), open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts a connection, and counts it until [`Self::leave`]. Returns `None` when the client has used up its share, or when the limit
    /// is reached and no other connection may be closed.
    pub fn enter(&self, client: Client, proxied: bool) -> Option<Admission> {
        let mut open = self.open();
        let (count, now) = (open.len(), Instant::now());
        let mut displaced = false;
        // While less than half of the limit is taken, no client can exceed its share.
        if count >= self.limit.saturating_sub(count) {
            let activities = open.values().map(|connection| (connection, connection.activity(now, &self.limits)));
            let active = || activities.clone().filter(|(_, activity)| *activity == Activity::Active);
            let own = active().filter(|(connection, _)| !connection.proxied && connection.client == client).count();
            // A proxy has no share of its own, because many clients use it.
            if !client_share::may_take(if proxied { 0 } else { own }, active().count(), self.limit) {
                return None;
            }
            if count >= self.limit {
                let first = first_to_close(&open, now, &self.limits)?;
                open.remove(&first)?.close_now();
                displaced = true;
            }
        }
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::new(Connection::new(client, proxied));
        open.insert(number, connection.clone());
        Some(Admission { number, connection, displaced })
    }

    /// Removes the connection with this number after it was closed.
    pub fn leave(&self, number: u64) {
        self.open().remove(&number);
    }

    /// Closes the connections that take too long. Calls `closed` once for each of them, with the reason.
    pub fn close_overdue(&self, mut closed: impl FnMut(CloseReason)) {
        let now = Instant::now();
        let open = self.open();
        open.values().filter_map(|connection| connection.close_if_overdue(now, &self.limits)).for_each(&mut closed);
    }

    pub fn counts(&self) -> ActivityCounts {
        let (now, mut counts) = (Instant::now(), ActivityCounts::default());
        for connection in self.open().values() {
            *match connection.activity(now, &self.limits) {
                Activity::Active => &mut counts.active,
                Activity::Idle(_) => &mut counts.idle,
                Activity::Slow(_) => &mut counts.slow,
                Activity::Stalled(_) => &mut counts.stalled,
            } += 1;
        }
        counts
    }

    pub const fn limit(&self) -> usize {
        self.limit
    }
}

/// The number of the connection that is closed first when there is no room. Idle connections are closed before slow ones, and slow ones
/// before stalled ones. Active ones are never closed. Among connections of the same activity, those of the client with the most of these
/// connections are closed first. Among the connections of this client, the one that has had this activity for the longest time is closed.
fn first_to_close(open: &HashMap<u64, Arc<Connection>>, now: Instant, limits: &Limits) -> Option<u64> {
    let order = |activity: &Activity| match activity {
        Activity::Idle(_) => 0,
        Activity::Slow(_) => 1,
        Activity::Stalled(_) => 2,
        Activity::Active => 3,
    };
    let all = open.iter().map(|(number, connection)| (*number, connection.client, connection.activity(now, limits)));
    let all: Vec<_> = all.filter(|(.., activity)| *activity != Activity::Active).collect();
    let first = all.iter().map(|(.., activity)| order(activity)).min()?;
    let candidates = || all.iter().filter(|(.., activity)| order(activity) == first);
    let mut per_client = HashMap::<Client, usize>::new();
    for (_, client, _) in candidates() {
        *per_client.entry(*client).or_default() += 1;
    }
    candidates()
        .min_by_key(|(_, client, activity)| (Reverse(per_client.get(client).copied()), *activity))
        .map(|(number, ..)| *number)
}

#[cfg(test)]
mod tests;
