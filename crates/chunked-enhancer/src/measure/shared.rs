//! Results that several threads need at once: one makes them, the others wait for it.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Error;
use crate::turns::{Turn, Work};

/// What waits looks this often whether it is still wanted itself.
const LOOK: Duration = Duration::from_millis(20);

type Value = Arc<dyn Any + Send + Sync>;

/// Results in the making.
#[derive(Default)]
pub(super) struct Shared {
    making: Mutex<HashMap<String, Arc<Making>>>,
}

struct Making {
    by: Arc<Work>,
    state: Mutex<State>,
    ended: Condvar,
}

enum State {
    Runs,
    /// With what was made, if anything was.
    Ended(Option<Value>),
}

/// Ends the making of a result whatever happens.
struct Entry<'a> {
    shared: &'a Shared,
    name: &'a str,
    making: Arc<Making>,
    made: Option<Value>,
}

impl Shared {
    /// The result of a name: made by `make` unless another thread makes it just now.
    pub fn get<T: Clone + Send + Sync + 'static>(
        &self,
        name: &str,
        turn: &Turn,
        make: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        loop {
            let other = match self.enter(name, turn.work()) {
                Ok(mut entry) => {
                    let made = make()?;
                    entry.made = Some(Arc::new(made.clone()));
                    return Ok(made);
                }
                Err(other) => other,
            };
            let (made, permitted) = turn.beside(&other.by, |wanted| other.wait(wanted));
            if let Some(made) = made.and_then(|made| made.downcast::<T>().ok()) {
                return Ok((*made).clone());
            }
            // It failed, or nobody but this wanted it any more: this tries it itself.
            if !permitted {
                return Err(Error::Cancelled);
            }
        }
    }

    /// Begins to make something, or tells who does.
    fn enter<'a>(&'a self, name: &'a str, by: &Arc<Work>) -> Result<Entry<'a>, Arc<Making>> {
        let mut all = lock(&self.making);
        if let Some(making) = all.get(name) {
            return Err(making.clone());
        }
        let making = Arc::new(Making { by: by.clone(), state: Mutex::new(State::Runs), ended: Condvar::new() });
        all.insert(name.to_owned(), making.clone());
        Ok(Entry { shared: self, name, making, made: None })
    }
}

impl Making {
    /// Waits until it has ended, or for nothing any more.
    fn wait(&self, wanted: &dyn Fn() -> bool) -> Option<Value> {
        let mut state = lock(&self.state);
        loop {
            match &*state {
                State::Ended(made) => return made.clone(),
                State::Runs if !wanted() => return None,
                State::Runs => {
                    state = self.ended.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        lock(&self.shared.making).remove(self.name);
        *lock(&self.making.state) = State::Ended(self.made.take());
        self.making.ended.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
