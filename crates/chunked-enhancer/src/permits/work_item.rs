//! One item of work, and the reason for which it is done.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::rank::Rank;

/// The reason for which work is done: a listener, or a request for a measurement.
pub trait Demand: Send + Sync {
    /// How urgent the work is now; none when it is not needed any more.
    fn rank(&self, now: Instant) -> Option<Rank>;
}

/// One item of work, which runs on a thread of its own.
pub struct WorkItem {
    demand: Arc<dyn Demand>,
    /// Other items that wait for a result of this one.
    dependents: Mutex<Vec<Arc<WorkItem>>>,
    /// Notified when the item gets a permit, and when it stops waiting because it is not needed.
    pub(super) decided: Condvar,
    /// Whether the item got a permit.
    pub(super) permitted: AtomicBool,
}

impl WorkItem {
    pub(super) fn new(demand: Arc<dyn Demand>) -> Self {
        Self { demand, dependents: Mutex::default(), decided: Condvar::new(), permitted: AtomicBool::new(false) }
    }

    /// The rank of this item, or of an item that waits for it if that one is more urgent. None when none of them is needed.
    pub(super) fn rank(&self, now: Instant) -> Option<Rank> {
        let dependents = self.dependents().clone();
        dependents.iter().filter_map(|other| other.rank(now)).chain(self.demand.rank(now)).min()
    }

    /// Records that `other` waits for this item.
    pub(super) fn add_dependent(&self, other: &Arc<Self>) {
        self.dependents().push(other.clone());
    }

    pub(super) fn remove_dependent(&self, other: &Arc<Self>) {
        self.dependents().retain(|dependent| !Arc::ptr_eq(dependent, other));
    }

    fn dependents(&self) -> MutexGuard<'_, Vec<Arc<Self>>> {
        self.dependents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
