//! Requests that share a computation: one computation serves all requests for the same result. It stops when no request waits any more.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crowd_web::LimitReached;
use tokio::sync::watch;

use crate::error::Error;
use crate::permits::{Demand, Permit, Permits, Rank};

/// The time from the first request for a result to its deadline. The sound that playing listeners need within this time comes first.
const DUE_AFTER: Duration = Duration::from_secs(30);
/// A deadline is never closer than this, even if the result is overdue. So chunks that are needed at once come first.
const MIN_REMAINING: Duration = Duration::from_millis(500);

type SharedResult<T> = Option<Result<T, Arc<Error>>>;
type Pending<T> = Mutex<HashMap<String, Arc<SharedRequest<T>>>>;

/// Results of one kind that are being computed, by name.
pub(super) struct SharedRequests<T> {
    /// What the results are, for the error when there are too many.
    what: &'static str,
    /// How many results may be computed at once.
    limit: usize,
    permits: Arc<Permits>,
    pending: Arc<Pending<T>>,
}

/// The computation of one result.
struct SharedRequest<T> {
    waiting: WaitingRequests,
    result: watch::Sender<SharedResult<T>>,
}

/// The requests that wait for a result. The map has the time at which each arrived, by the number of the request.
#[derive(Default)]
struct WaitingRequests(Mutex<BTreeMap<u64, Instant>>);

/// One request that waits for a result.
struct WaitingRequest<'a, T> {
    requests: &'a SharedRequests<T>,
    name: String,
    request: Arc<SharedRequest<T>>,
    number: u64,
}

impl<T: Clone + Send + Sync + 'static> SharedRequests<T> {
    pub fn new(what: &'static str, limit: usize, permits: Arc<Permits>) -> Self {
        Self { what, limit, permits, pending: Arc::default() }
    }

    /// Waits for the result with this name. If it is not being computed yet, a new thread computes it by `compute`. When the future is
    /// dropped and no other request waits, the computation stops.
    pub async fn get(
        &self,
        name: String,
        compute: impl FnOnce(&Permit) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let waiting = self.join(name, compute)?;
        let mut result = waiting.request.result.subscribe();
        let result = result.wait_for(Option::is_some).await.map_err(|_| Error::Cancelled)?.clone();
        match result {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(Error::Same(error)),
            None => Err(Error::Cancelled),
        }
    }

    /// Adds a request to the computation of this name. Starts the computation if there is none.
    fn join(
        &self,
        name: String,
        compute: impl FnOnce(&Permit) -> Result<T, Error> + Send + 'static,
    ) -> Result<WaitingRequest<'_, T>, Error> {
        let mut pending = lock(&self.pending);
        if let Some(request) = pending.get(&name) {
            let request = request.clone();
            let number = request.waiting.add();
            return Ok(WaitingRequest { requests: self, name, request, number });
        }
        if pending.len() >= self.limit {
            return Err(LimitReached { what: self.what, limit: self.limit }.into());
        }
        let request = Arc::new(SharedRequest { waiting: WaitingRequests::default(), result: watch::Sender::new(None) });
        let number = request.waiting.add();
        let (permits, all, this, key) = (self.permits.clone(), self.pending.clone(), request.clone(), name.clone());
        let run = move || {
            let permit = permits.acquire(this.clone());
            let result = permit.map_or(Err(Error::Cancelled), |permit| compute(&permit));
            remove(&all, &key, &this);
            this.result.send_replace(Some(result.map_err(Arc::new)));
        };
        let thread = std::thread::Builder::new().name("measurement".to_owned()).spawn(run);
        thread.map_err(|error| Error::io("a thread that measures", "start", error))?;
        pending.insert(name.clone(), request.clone());
        Ok(WaitingRequest { requests: self, name, request, number })
    }
}

/// Removes a computation, so that the next request for its name starts another.
fn remove<T>(pending: &Pending<T>, name: &str, request: &Arc<SharedRequest<T>>) {
    let mut pending = lock(pending);
    if pending.get(name).is_some_and(|current| Arc::ptr_eq(current, request)) {
        pending.remove(name);
    }
}

impl<T> Drop for WaitingRequest<'_, T> {
    fn drop(&mut self) {
        let mut pending = lock(&self.requests.pending);
        let mut waiting = lock(&self.request.waiting.0);
        waiting.remove(&self.number);
        if !waiting.is_empty() {
            return;
        }
        // No request waits, so the computation stops. It is removed, so that the next request starts another.
        if pending.get(&self.name).is_some_and(|current| Arc::ptr_eq(current, &self.request)) {
            pending.remove(&self.name);
        }
        drop((waiting, pending));
        self.requests.permits.end_unneeded();
    }
}

impl WaitingRequests {
    fn add(&self) -> u64 {
        let mut waiting = lock(&self.0);
        let number = waiting.last_key_value().map_or(0, |(last, _)| last + 1);
        waiting.insert(number, Instant::now());
        number
    }
}

impl<T: Send + Sync> Demand for SharedRequest<T> {
    fn rank(&self, now: Instant) -> Option<Rank> {
        let arrived = lock(&self.waiting.0).values().min().copied()?;
        Some(Rank::Due((arrived + DUE_AFTER).max(now + MIN_REMAINING)))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    fn requests(limit: usize) -> SharedRequests<u32> {
        SharedRequests::new("numbers", limit, Arc::new(Permits::new(1)))
    }

    #[tokio::test]
    async fn two_requests_for_the_same_get_one_result_and_both_get_its_error() {
        let (requests, computed) = (requests(1), Arc::new(AtomicUsize::new(0)));
        let (go, wait) = mpsc::channel::<()>();
        let count = computed.clone();
        let first = requests.get("a".to_owned(), move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            wait.recv().unwrap();
            Ok(7)
        });
        let second = requests.get("a".to_owned(), |_| panic!("it is being computed"));
        let third = async {
            assert!(matches!(requests.get("b".to_owned(), |_| Ok(8)).await, Err(Error::Busy(_))));
            go.send(()).unwrap();
        };
        let (first, second, ()) = tokio::join!(first, second, third);
        assert_eq!((first.unwrap(), second.unwrap(), computed.load(Ordering::Relaxed)), (7, 7, 1));
        let failed = requests.get("a".to_owned(), |_| Err(Error::Invalid("no".to_owned()))).await;
        assert_eq!(failed.unwrap_err().to_string(), "no");
    }

    #[tokio::test]
    async fn when_the_last_request_is_dropped_the_computation_stops_and_the_next_request_starts_another() {
        let requests = requests(1);
        let ((begun, begin), (ended, end)) = (tokio::sync::oneshot::channel(), tokio::sync::oneshot::channel());
        {
            let long = requests.get("a".to_owned(), |permit| {
                begun.send(()).unwrap();
                while permit.may_continue() {
                    std::thread::yield_now();
                }
                ended.send(()).unwrap();
                Err(Error::Cancelled)
            });
            tokio::select! {
                _ = long => panic!("it ended"),
                begun = begin => begun.unwrap(),
            }
        }
        assert_eq!(requests.get("a".to_owned(), |_| Ok(1)).await.unwrap(), 1);
        end.await.unwrap();
    }

    #[test]
    fn a_result_is_due_half_a_minute_after_its_request_and_an_overdue_one_soon() {
        let request = SharedRequest::<()> { waiting: WaitingRequests::default(), result: watch::Sender::new(None) };
        assert_eq!(request.rank(Instant::now()), None);
        request.waiting.add();
        let arrived = *request.waiting.0.lock().unwrap().values().next().unwrap();
        assert_eq!(request.rank(arrived), Some(Rank::Due(arrived + DUE_AFTER)));
        assert_eq!(request.rank(arrived + DUE_AFTER), Some(Rank::Due(arrived + DUE_AFTER + MIN_REMAINING)));
    }
}
