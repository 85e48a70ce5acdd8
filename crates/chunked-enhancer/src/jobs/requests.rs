//! Results that requests wait for: one work for all who ask for the same, which stops when none of them waits any more.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crowd_web::LimitReached;
use tokio::sync::watch;

use crate::error::Error;
use crate::turns::{Rank, Turn, Turns, Wanted};

/// A result is due so long after it was asked for: later than the sound of all who listen, and no later than that.
const PATIENCE: Duration = Duration::from_secs(30);
/// When it is late it is needed by so long from now on, so that it delays nobody who is about to run out of sound.
const LATE: Duration = Duration::from_millis(500);

type Outcome<T> = Option<Result<T, Arc<Error>>>;

/// Results of one kind.
pub(super) struct Requests<T> {
    what: &'static str,
    limit: usize,
    turns: Arc<Turns>,
    asked: Arc<Asked<T>>,
}

type Asked<T> = Mutex<HashMap<String, Arc<Request<T>>>>;

struct Request<T> {
    clients: Clients,
    outcome: watch::Sender<Outcome<T>>,
}

/// Those who wait for a result: when each of them came.
#[derive(Default)]
struct Clients(Mutex<BTreeMap<u64, Instant>>);

/// One who waits for a result.
struct Client<'a, T> {
    requests: &'a Requests<T>,
    name: String,
    request: Arc<Request<T>>,
    number: u64,
}

impl<T: Clone + Send + Sync + 'static> Requests<T> {
    pub fn new(what: &'static str, limit: usize, turns: Arc<Turns>) -> Self {
        Self { what, limit, turns, asked: Arc::default() }
    }

    /// The result of a name, made by `make` on a thread of its own unless that is being done already. When the future is dropped
    /// and nobody else waits, the work stops.
    pub async fn ask(
        &self,
        name: String,
        make: impl FnOnce(&Turn) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let client = self.enter(name, make)?;
        let mut outcome = client.request.outcome.subscribe();
        let made = outcome.wait_for(Option::is_some).await.map_err(|_| Error::Cancelled)?.clone();
        match made {
            Some(Ok(made)) => Ok(made),
            Some(Err(error)) => Err(Error::Same(error)),
            None => Err(Error::Cancelled),
        }
    }

    fn enter(
        &self,
        name: String,
        make: impl FnOnce(&Turn) -> Result<T, Error> + Send + 'static,
    ) -> Result<Client<'_, T>, Error> {
        let mut asked = lock(&self.asked);
        if let Some(request) = asked.get(&name) {
            let request = request.clone();
            let number = request.clients.add();
            return Ok(Client { requests: self, name, request, number });
        }
        if asked.len() >= self.limit {
            return Err(LimitReached { what: self.what, limit: self.limit }.into());
        }
        let request = Arc::new(Request { clients: Clients::default(), outcome: watch::Sender::new(None) });
        let number = request.clients.add();
        let (turns, all, ours, called) = (self.turns.clone(), self.asked.clone(), request.clone(), name.clone());
        let run = move || {
            let turn = turns.begin(ours.clone());
            let made = turn.map_or(Err(Error::Cancelled), |turn| make(&turn));
            remove(&all, &called, &ours);
            ours.outcome.send_replace(Some(made.map_err(Arc::new)));
        };
        let thread = std::thread::Builder::new().name("measurement".to_owned()).spawn(run);
        thread.map_err(|error| Error::io("a thread that measures", "start", error))?;
        asked.insert(name.clone(), request.clone());
        Ok(Client { requests: self, name, request, number })
    }
}

/// Takes a request away, so that who asks from now on begins another.
fn remove<T>(asked: &Asked<T>, name: &str, request: &Arc<Request<T>>) {
    let mut asked = lock(asked);
    if asked.get(name).is_some_and(|known| Arc::ptr_eq(known, request)) {
        asked.remove(name);
    }
}

impl<T> Drop for Client<'_, T> {
    fn drop(&mut self) {
        let mut asked = lock(&self.requests.asked);
        let mut clients = lock(&self.request.clients.0);
        clients.remove(&self.number);
        if !clients.is_empty() {
            return;
        }
        // It stops: who asks now begins another.
        if asked.get(&self.name).is_some_and(|known| Arc::ptr_eq(known, &self.request)) {
            asked.remove(&self.name);
        }
        drop((clients, asked));
        self.requests.turns.look();
    }
}

impl Clients {
    fn add(&self) -> u64 {
        let mut clients = lock(&self.0);
        let number = clients.last_key_value().map_or(0, |(last, _)| last + 1);
        clients.insert(number, Instant::now());
        number
    }
}

impl<T: Send + Sync> Wanted for Request<T> {
    fn rank(&self, now: Instant) -> Option<Rank> {
        let asked = lock(&self.clients.0).values().min().copied()?;
        Some(Rank::By((asked + PATIENCE).max(now + LATE)))
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

    fn requests(limit: usize) -> Requests<u32> {
        Requests::new("numbers", limit, Arc::new(Turns::new(1)))
    }

    #[tokio::test]
    async fn two_who_ask_for_the_same_get_one_result_and_an_error_is_told_to_both() {
        let (requests, made) = (requests(1), Arc::new(AtomicUsize::new(0)));
        let (go, wait) = mpsc::channel::<()>();
        let count = made.clone();
        let first = requests.ask("a".to_owned(), move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            wait.recv().unwrap();
            Ok(7)
        });
        let second = requests.ask("a".to_owned(), |_| panic!("it is being made"));
        let third = async {
            assert!(matches!(requests.ask("b".to_owned(), |_| Ok(8)).await, Err(Error::Busy(_))));
            go.send(()).unwrap();
        };
        let (first, second, ()) = tokio::join!(first, second, third);
        assert_eq!((first.unwrap(), second.unwrap(), made.load(Ordering::Relaxed)), (7, 7, 1));
        let failed = requests.ask("a".to_owned(), |_| Err(Error::Invalid("no".to_owned()))).await;
        assert_eq!(failed.unwrap_err().to_string(), "no");
    }

    #[tokio::test]
    async fn when_the_last_who_waits_is_gone_the_work_stops_and_who_comes_then_gets_a_new_one() {
        let requests = requests(1);
        let ((begun, begin), (ended, end)) = (tokio::sync::oneshot::channel(), tokio::sync::oneshot::channel());
        {
            let long = requests.ask("a".to_owned(), |turn| {
                begun.send(()).unwrap();
                while turn.go_on() {
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
        assert_eq!(requests.ask("a".to_owned(), |_| Ok(1)).await.unwrap(), 1);
        end.await.unwrap();
    }

    #[test]
    fn a_result_is_due_half_a_minute_after_it_was_asked_for_and_later_still_soon() {
        let request = Request::<()> { clients: Clients::default(), outcome: watch::Sender::new(None) };
        assert_eq!(request.rank(Instant::now()), None);
        request.clients.add();
        let asked = *request.clients.0.lock().unwrap().values().next().unwrap();
        assert_eq!(request.rank(asked), Some(Rank::By(asked + PATIENCE)));
        assert_eq!(request.rank(asked + PATIENCE), Some(Rank::By(asked + PATIENCE + LATE)));
    }
}
