//! Measurements that are being made. One thread makes each of them, and the other threads that need it wait for it.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Error;
use crate::permits::{Permit, WorkItem};

/// A waiting thread checks this often whether the result is still needed.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

type Value = Arc<dyn Any + Send + Sync>;

/// The measurements that are being made, by name.
#[derive(Default)]
pub(super) struct RunningMeasurements(Mutex<HashMap<String, Arc<Measurement>>>);

/// One measurement that is being made.
struct Measurement {
    /// The work that makes the measurement.
    made_by: Arc<WorkItem>,
    state: Mutex<State>,
    ended: Condvar,
}

enum State {
    Running,
    /// It has ended, with the result if there is one.
    Ended(Option<Value>),
}

/// Ends a measurement when it is dropped.
struct MeasurementGuard<'a> {
    running: &'a RunningMeasurements,
    name: &'a str,
    measurement: Arc<Measurement>,
    value: Option<Value>,
}

impl RunningMeasurements {
    /// Returns the result with this name. If another thread is making it, waits for that thread; otherwise makes it by `measure`.
    pub fn get<T: Clone + Send + Sync + 'static>(
        &self,
        name: &str,
        permit: &Permit,
        measure: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        loop {
            let other = match self.begin(name, permit.item()) {
                Ok(mut guard) => {
                    let value = measure()?;
                    guard.value = Some(Arc::new(value.clone()));
                    return Ok(value);
                }
                Err(other) => other,
            };
            let (value, permitted) = permit.wait_for(&other.made_by, |needed| other.wait(needed));
            if let Some(value) = value.and_then(|value| value.downcast::<T>().ok()) {
                return Ok((*value).clone());
            }
            if !permitted {
                return Err(Error::Cancelled);
            }
            // The other thread failed or was cancelled, so this thread makes the measurement in the next iteration.
        }
    }

    /// Begins a measurement. If one with this name is being made already, returns that one as the error.
    fn begin<'a>(&'a self, name: &'a str, made_by: &Arc<WorkItem>) -> Result<MeasurementGuard<'a>, Arc<Measurement>> {
        let mut all = lock(&self.0);
        if let Some(measurement) = all.get(name) {
            return Err(measurement.clone());
        }
        let (state, ended) = (Mutex::new(State::Running), Condvar::new());
        let measurement = Arc::new(Measurement { made_by: made_by.clone(), state, ended });
        all.insert(name.to_owned(), measurement.clone());
        Ok(MeasurementGuard { running: self, name, measurement, value: None })
    }
}

impl Measurement {
    /// Waits until the measurement has ended, or until its result is not needed any more. Returns the result, if there is one.
    fn wait(&self, needed: &dyn Fn() -> bool) -> Option<Value> {
        let mut state = lock(&self.state);
        loop {
            match &*state {
                State::Ended(value) => return value.clone(),
                State::Running if !needed() => return None,
                State::Running => {
                    state = self.ended.wait_timeout(state, CHECK_INTERVAL).unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }
}

impl Drop for MeasurementGuard<'_> {
    fn drop(&mut self) {
        lock(&self.running.0).remove(self.name);
        *lock(&self.measurement.state) = State::Ended(self.value.take());
        self.measurement.ended.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
