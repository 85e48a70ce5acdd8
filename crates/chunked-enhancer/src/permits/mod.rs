//! Permits to work. As many items of work run at once as there are permits, the most urgent items first. Running work checks regularly
//! whether it may continue: it passes its permit to more urgent work, and ends when it is no longer needed.

mod rank;
mod work_item;

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crowd_mastering::measure::Stop;

pub use rank::Rank;
pub use work_item::{Demand, WorkItem};

/// How often running work compares its rank with the ranks of waiting work. Work calls [`Permit::may_continue`] more often than this. Not
/// every call compares, because a comparison costs some microseconds.
const CHECK_INTERVAL: Duration = Duration::from_millis(2);

/// A fixed number of permits, and the work that waits for one.
pub struct Permits {
    count: usize,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    running: usize,
    waiting: Vec<Arc<WorkItem>>,
    /// The number of items of work that exist: they run, wait for a permit, or wait for other work.
    items: usize,
    closed: bool,
}

impl Permits {
    /// `count` permits, at least 1.
    pub fn new(count: usize) -> Self {
        Self { count: count.max(1), state: Mutex::default(), ended: Condvar::new() }
    }

    /// Waits for a permit. Returns `None` if the work stops being needed before it gets one.
    pub fn acquire(self: &Arc<Self>, demand: Arc<dyn Demand>) -> Option<Permit> {
        let permit = Permit::new(self.clone(), demand);
        permit.wait_for_permit(self.state()).then_some(permit)
    }

    /// Ends waiting work that is not needed any more.
    pub fn end_unneeded(&self) {
        self.grant(&mut self.state(), Instant::now());
    }

    /// How many items of work run, and how many wait for a permit.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.state();
        (state.running, state.waiting.len())
    }

    /// Whether [`Self::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Ends all work, and waits until it has ended.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        self.grant(&mut state, Instant::now());
        while state.items > 0 {
            state = self.ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends waiting work that is not needed any more, and gives the free permits to the most urgent waiting work.
    fn grant(&self, state: &mut State, now: Instant) {
        let closed = state.closed;
        state.waiting.retain(|item| {
            let needed = !closed && item.rank(now).is_some();
            if !needed {
                item.decided.notify_all();
            }
            needed
        });
        while state.running < self.count {
            let ranks = state.waiting.iter().enumerate().filter_map(|(n, item)| Some((item.rank(now)?, n)));
            let Some((_, best)) = ranks.min() else { return };
            let item = state.waiting.remove(best);
            item.permitted.store(true, Ordering::Relaxed);
            state.running += 1;
            item.decided.notify_all();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The permit of one item of work. It is released when it is dropped.
pub struct Permit {
    permits: Arc<Permits>,
    item: Arc<WorkItem>,
    /// Whether the work has the permit now. It has none while it waits.
    held: Cell<bool>,
    /// When the rank of the work was last compared with the ranks of waiting work.
    checked: Cell<Instant>,
    /// How long the work has waited in total.
    waited: Cell<Duration>,
}

impl Permit {
    fn new(permits: Arc<Permits>, demand: Arc<dyn Demand>) -> Self {
        permits.state().items += 1;
        Self {
            permits,
            item: Arc::new(WorkItem::new(demand)),
            held: Cell::new(false),
            checked: Cell::new(Instant::now()),
            waited: Cell::new(Duration::ZERO),
        }
    }

    /// A permit for a program that does one item of work only, and so waits for no other.
    pub fn standalone() -> Self {
        struct Always(Instant);
        impl Demand for Always {
            fn rank(&self, _: Instant) -> Option<Rank> {
                Some(Rank::Due(self.0))
            }
        }
        let permit = Self::new(Arc::new(Permits::new(1)), Arc::new(Always(Instant::now())));
        permit.permits.state().running = 1;
        permit.held.set(true);
        permit
    }

    /// Returns whether the work may continue. Work calls this at every small step. If more urgent work waits, this work passes its permit
    /// to that work, and the call waits for another permit. The work may not continue when it is not needed any more, or when the permits
    /// are [closed](Permits::close).
    pub fn may_continue(&self) -> bool {
        let now = Instant::now();
        if !self.held.get() || now.duration_since(self.checked.get()) < CHECK_INTERVAL {
            return self.held.get();
        }
        self.checked.set(now);
        let Some(rank) = self.item.rank(now) else { return self.give_up() };
        let mut state = self.permits.state();
        if state.closed {
            drop(state);
            return self.give_up();
        }
        let most_urgent = state.waiting.iter().filter_map(|item| item.rank(now)).min();
        if most_urgent.is_none_or(|waiting| !waiting.outranks(rank)) {
            return true;
        }
        // `wait_for_permit` gives the released permit to the more urgent work.
        state.running -= 1;
        self.held.set(false);
        self.wait_for_permit(state)
    }

    /// Releases the permit, calls `wait` to wait for a result of `other`, and then waits for a permit again. `wait` gets a function that
    /// returns whether the result is still needed. Returns the result of `wait`, and whether the work has a permit again.
    pub fn wait_for<T>(&self, other: &WorkItem, wait: impl FnOnce(&dyn Fn() -> bool) -> T) -> (T, bool) {
        self.release();
        // From now on the other item is at least as urgent as this work.
        other.add_dependent(&self.item);
        let start = Instant::now();
        let result = wait(&|| self.item.rank(Instant::now()).is_some() && !self.permits.state().closed);
        other.remove_dependent(&self.item);
        self.waited.set(self.waited.get() + start.elapsed());
        (result, self.wait_for_permit(self.permits.state()))
    }

    /// The work that has this permit.
    pub fn item(&self) -> &Arc<WorkItem> {
        &self.item
    }

    /// How long the work has waited in total, for permits and for other work.
    pub fn waited(&self) -> Duration {
        self.waited.get()
    }

    /// Releases the permit for good, because the work is not needed any more.
    fn give_up(&self) -> bool {
        self.release();
        false
    }

    fn release(&self) {
        if self.held.replace(false) {
            let mut state = self.permits.state();
            state.running -= 1;
            self.permits.grant(&mut state, Instant::now());
        }
    }

    /// Waits until the work gets a permit or is not needed any more. Returns whether it has a permit.
    fn wait_for_permit(&self, mut state: MutexGuard<'_, State>) -> bool {
        let start = Instant::now();
        self.item.permitted.store(false, Ordering::Relaxed);
        state.waiting.push(self.item.clone());
        self.permits.grant(&mut state, start);
        while state.waiting.iter().any(|item| Arc::ptr_eq(item, &self.item)) {
            state = self.item.decided.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        self.held.set(self.item.permitted.load(Ordering::Relaxed));
        self.checked.set(Instant::now());
        self.waited.set(self.waited.get() + start.elapsed());
        self.held.get()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.release();
        self.permits.state().items -= 1;
        self.permits.ended.notify_all();
    }
}

impl Stop for Permit {
    fn stopped(&self) -> bool {
        !self.may_continue()
    }
}

#[cfg(test)]
mod tests;
