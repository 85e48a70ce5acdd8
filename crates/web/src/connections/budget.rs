//! A number of connections, and which of them gives way to a new one.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::connection::{Activity, CloseReason, Connection};
use super::limits::Limits;
use crate::client::Client;
use crate::fair_share;

/// At most so many connections at once.
#[derive(Debug)]
pub(super) struct Budget {
    pub limits: Limits,
    limit: usize,
    numbers: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
}

/// Connections by what they do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ActivityCounts {
    pub active: u64,
    pub idle: u64,
    pub slow: u64,
    pub stalled: u64,
}

impl Budget {
    pub fn new(limit: usize, limits: Limits) -> Self {
        Self { limits, limit, numbers: AtomicU64::new(0), open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// ActivityCounts a connection until [`Self::leave`], if there is room for it: whether one gave way to it, its number, and itself.
    pub fn enter(&self, client: Client, proxied: bool) -> Option<(bool, u64, Arc<Connection>)> {
        let mut open = self.open();
        let (count, now) = (open.len(), Instant::now());
        let mut gave_way = false;
        // While less than half is taken nobody can have more than a share.
        if count >= self.limit.saturating_sub(count) {
            let activity = open.values().map(|connection| (connection, connection.activity(now, &self.limits)));
            let active = || activity.clone().filter(|(_, activity)| *activity == Activity::Active);
            let own = active().filter(|(connection, _)| !connection.proxied && connection.client == client).count();
            // A proxy has no share of its own: those behind it are many.
            if !fair_share::allows(if proxied { 0 } else { own }, active().count(), self.limit) {
                return None;
            }
            if count >= self.limit {
                let first = first_to_give_way(&open, now, &self.limits)?;
                open.remove(&first)?.displace();
                gave_way = true;
            }
        }
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::new(Connection::new(client, proxied));
        open.insert(number, connection.clone());
        Some((gave_way, number, connection))
    }

    /// The connection of this number is closed.
    pub fn leave(&self, number: u64) {
        self.open().remove(&number);
    }

    /// Ends those that take too long, and tells why.
    pub fn close_overdue(&self, mut ended: impl FnMut(CloseReason)) {
        let now = Instant::now();
        self.open()
            .values()
            .filter_map(|connection| connection.close_if_overdue(now, &self.limits))
            .for_each(&mut ended);
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

/// Which is closed first: one that is idle before one that sends its request slowly before one that is stalled; among equals one of
/// the client that has most of these, and of those the one that has been so longest.
fn first_to_give_way(open: &HashMap<u64, Arc<Connection>>, now: Instant, limits: &Limits) -> Option<u64> {
    let kind = |activity: &Activity| match activity {
        Activity::Idle(_) => 0,
        Activity::Slow(_) => 1,
        Activity::Stalled(_) => 2,
        Activity::Active => 3,
    };
    let all = open.iter().map(|(number, connection)| (*number, connection.client, connection.activity(now, limits)));
    let all: Vec<_> = all.filter(|(.., activity)| *activity != Activity::Active).collect();
    let first = all.iter().map(|(.., activity)| kind(activity)).min()?;
    let alike = || all.iter().filter(|(.., activity)| kind(activity) == first);
    let mut held = HashMap::<Client, usize>::new();
    for (_, client, _) in alike() {
        *held.entry(*client).or_default() += 1;
    }
    alike()
        .min_by_key(|(_, client, activity)| (Reverse(held.get(client).copied()), *activity))
        .map(|(number, ..)| *number)
}

#[cfg(test)]
mod tests;
