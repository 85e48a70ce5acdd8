//! A number of connections, and which of them gives way to a new one.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::connection::{Connection, Reason, Standing};
use super::limits::Limits;
use crate::client::Client;
use crate::share;

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
pub(super) struct Counts {
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

    /// Counts a connection until [`Self::leave`], if there is room for it: whether one gave way to it, its number, and itself.
    pub fn enter(&self, client: Client, proxied: bool) -> Option<(bool, u64, Arc<Connection>)> {
        let mut open = self.open();
        let (count, now) = (open.len(), Instant::now());
        let mut gave_way = false;
        // While less than half is taken nobody can have more than a share.
        if count >= self.limit.saturating_sub(count) {
            let standings = open.values().map(|connection| (connection, connection.standing(now, &self.limits)));
            let active = || standings.clone().filter(|(_, standing)| *standing == Standing::Active);
            let own = active().filter(|(connection, _)| !connection.proxied && connection.client == client).count();
            // A proxy has no share of its own: those behind it are many.
            if !share::allows(if proxied { 0 } else { own }, active().count(), self.limit) {
                return None;
            }
            if count >= self.limit {
                let first = first_to_give_way(&open, now, &self.limits)?;
                open.remove(&first)?.give_way();
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
    pub fn end_late(&self, mut ended: impl FnMut(Reason)) {
        let now = Instant::now();
        self.open().values().filter_map(|connection| connection.end_if_late(now, &self.limits)).for_each(&mut ended);
    }

    pub fn counts(&self) -> Counts {
        let (now, mut counts) = (Instant::now(), Counts::default());
        for connection in self.open().values() {
            *match connection.standing(now, &self.limits) {
                Standing::Active => &mut counts.active,
                Standing::Idle(_) => &mut counts.idle,
                Standing::Slow(_) => &mut counts.slow,
                Standing::Stalled(_) => &mut counts.stalled,
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
    let kind = |standing: &Standing| match standing {
        Standing::Idle(_) => 0,
        Standing::Slow(_) => 1,
        Standing::Stalled(_) => 2,
        Standing::Active => 3,
    };
    let all = open.iter().map(|(number, connection)| (*number, connection.client, connection.standing(now, limits)));
    let all: Vec<_> = all.filter(|(.., standing)| *standing != Standing::Active).collect();
    let first = all.iter().map(|(.., standing)| kind(standing)).min()?;
    let alike = || all.iter().filter(|(.., standing)| kind(standing) == first);
    let mut held = HashMap::<Client, usize>::new();
    for (_, client, _) in alike() {
        *held.entry(*client).or_default() += 1;
    }
    alike()
        .min_by_key(|(_, client, standing)| (Reverse(held.get(client).copied()), *standing))
        .map(|(number, ..)| *number)
}

#[cfg(test)]
mod tests;
