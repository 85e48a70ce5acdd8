//! Who works when: as much at once as there are permits, the most urgent first. What runs gives its permit up in the middle
//! when something more urgent waits, and ends when it is not wanted any more.

mod rank;
mod work;

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crowd_mastering::measure::Stop;

pub use rank::Rank;
pub use work::{Wanted, Work};

/// Work looks this often whether it goes on: a look costs some microseconds.
const LOOK: Duration = Duration::from_millis(2);

/// The permits, and what waits for one.
pub struct Turns {
    permits: usize,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    running: usize,
    waiting: Vec<Arc<Work>>,
    /// Turns there are, whether they run, wait for a permit or for each other.
    turns: usize,
    closed: bool,
}

impl Turns {
    /// As many permits as `permits`, at least 1.
    pub fn new(permits: usize) -> Self {
        Self { permits: permits.max(1), state: Mutex::default(), ended: Condvar::new() }
    }

    /// Waits for a permit; none when the work is not wanted any more before there is one.
    pub fn begin(self: &Arc<Self>, wanted: Arc<dyn Wanted>) -> Option<Turn> {
        let turn = Turn::new(self.clone(), wanted);
        turn.wait(self.state()).then_some(turn)
    }

    /// Ends what waits and is not wanted any more.
    pub fn look(&self) {
        self.grant(&mut self.state(), Instant::now());
    }

    /// How much runs, and how much waits for a permit.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.state();
        (state.running, state.waiting.len())
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Ends everything, and waits until it has ended.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        self.grant(&mut state, Instant::now());
        while state.turns > 0 {
            state = self.ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn grant(&self, state: &mut State, now: Instant) {
        let closed = state.closed;
        state.waiting.retain(|work| {
            let wanted = !closed && work.rank(now).is_some();
            if !wanted {
                work.wake.notify_all();
            }
            wanted
        });
        while state.running < self.permits {
            let ranks = state.waiting.iter().enumerate().filter_map(|(n, work)| Some((work.rank(now)?, n)));
            let Some((_, best)) = ranks.min() else { return };
            let work = state.waiting.remove(best);
            work.permitted.store(true, Ordering::Relaxed);
            state.running += 1;
            work.wake.notify_all();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A permit to work, which is given back when this is dropped.
pub struct Turn {
    turns: Arc<Turns>,
    work: Arc<Work>,
    permitted: Cell<bool>,
    /// When it was looked last whether it goes on.
    looked: Cell<Instant>,
    /// How long it has been without its permit.
    away: Cell<Duration>,
}

impl Turn {
    fn new(turns: Arc<Turns>, wanted: Arc<dyn Wanted>) -> Self {
        turns.state().turns += 1;
        Self {
            turns,
            work: Arc::new(Work::new(wanted)),
            permitted: Cell::new(false),
            looked: Cell::new(Instant::now()),
            away: Cell::new(Duration::ZERO),
        }
    }

    /// A permit of its own beside no other, for a program that does one thing.
    pub fn alone() -> Self {
        struct Always(Instant);
        impl Wanted for Always {
            fn rank(&self, _: Instant) -> Option<Rank> {
                Some(Rank::By(self.0))
            }
        }
        let turn = Self::new(Arc::new(Turns::new(1)), Arc::new(Always(Instant::now())));
        turn.turns.state().running = 1;
        turn.permitted.set(true);
        turn
    }

    /// To be asked at every small step: lets what is more urgent work first, and tells whether the work is still wanted.
    pub fn go_on(&self) -> bool {
        let now = Instant::now();
        if !self.permitted.get() || now.duration_since(self.looked.get()) < LOOK {
            return self.permitted.get();
        }
        self.looked.set(now);
        let Some(rank) = self.work.rank(now) else { return self.give_up() };
        let mut state = self.turns.state();
        if state.closed {
            drop(state);
            return self.give_up();
        }
        let first = state.waiting.iter().filter_map(|work| work.rank(now)).min();
        if first.is_none_or(|first| !first.outranks(rank)) {
            return self.permitted.get();
        }
        state.running -= 1;
        self.permitted.set(false);
        self.wait(state)
    }

    /// Gives the permit back while `other`, which makes something this needs, does so in `wait`; that is told by its argument
    /// whether to wait on. Then waits for a permit again, and tells whether there is one.
    pub fn beside<T>(&self, other: &Work, wait: impl FnOnce(&dyn Fn() -> bool) -> T) -> (T, bool) {
        self.release();
        other.add(&self.work);
        // What it is needed for may be more urgent than what it was begun for.
        let begun = Instant::now();
        let made = wait(&|| self.work.rank(Instant::now()).is_some() && !self.turns.state().closed);
        other.remove(&self.work);
        self.away.set(self.away.get() + begun.elapsed());
        (made, self.wait(self.turns.state()))
    }

    /// The work that has this turn.
    pub fn work(&self) -> &Arc<Work> {
        &self.work
    }

    /// How long it has waited for permits since it had its first.
    pub fn away(&self) -> Duration {
        self.away.get()
    }

    /// Gives the permit back for good.
    fn give_up(&self) -> bool {
        self.release();
        false
    }

    fn release(&self) {
        if self.permitted.replace(false) {
            let mut state = self.turns.state();
            state.running -= 1;
            self.turns.grant(&mut state, Instant::now());
        }
    }

    fn wait(&self, mut state: MutexGuard<'_, State>) -> bool {
        let begun = Instant::now();
        self.work.permitted.store(false, Ordering::Relaxed);
        state.waiting.push(self.work.clone());
        self.turns.grant(&mut state, begun);
        while state.waiting.iter().any(|work| Arc::ptr_eq(work, &self.work)) {
            state = self.work.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        self.permitted.set(self.work.permitted.load(Ordering::Relaxed));
        self.looked.set(Instant::now());
        self.away.set(self.away.get() + begun.elapsed());
        self.permitted.get()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.release();
        self.turns.state().turns -= 1;
        self.turns.ended.notify_all();
    }
}

impl Stop for Turn {
    fn stopped(&self) -> bool {
        !self.go_on()
    }
}

#[cfg(test)]
mod tests;
