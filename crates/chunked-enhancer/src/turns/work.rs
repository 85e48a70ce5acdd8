//! A piece of work, and whom it is done for.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::rank::Rank;

/// Somebody, or something, that work is done for.
pub trait Wanted: Send + Sync {
    /// How urgent it is now; none when it is not wanted any more.
    fn rank(&self, now: Instant) -> Option<Rank>;
}

/// Work on a thread of its own.
pub struct Work {
    own: Arc<dyn Wanted>,
    /// Other work that waits for something this makes on its way.
    others: Mutex<Vec<Arc<Work>>>,
    /// Woken when `permitted` was decided.
    pub(super) wake: Condvar,
    pub(super) permitted: AtomicBool,
}

impl Work {
    pub(super) fn new(own: Arc<dyn Wanted>) -> Self {
        Self { own, others: Mutex::default(), wake: Condvar::new(), permitted: AtomicBool::new(false) }
    }

    /// The most urgent of those that it is done for.
    pub(super) fn rank(&self, now: Instant) -> Option<Rank> {
        let others = self.others().clone();
        others.iter().filter_map(|other| other.rank(now)).chain(self.own.rank(now)).min()
    }

    /// From now on it is done for `other` too.
    pub(super) fn add(&self, other: &Arc<Self>) {
        self.others().push(other.clone());
    }

    pub(super) fn remove(&self, other: &Arc<Self>) {
        self.others().retain(|known| !Arc::ptr_eq(known, other));
    }

    fn others(&self) -> MutexGuard<'_, Vec<Arc<Self>>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
