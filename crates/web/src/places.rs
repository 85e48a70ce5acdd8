//! How many of something there may be at once.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::StatusCode;
use hyper::body::{Frame, SizeHint};

use crate::client::Client;
use crate::problem::Problem;
use crate::share;

/// How long nothing more of a body is asked for until its place does not count: a player is paused, or has enough for now.
const AT_REST: Duration = Duration::from_secs(10);

/// In place of a time: more was asked for, and is not there yet.
const WAITS: u64 = u64::MAX;

/// More is asked for at once than the server may do.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{what}: {limit} at once are allowed; try again in a moment")]
pub struct Busy {
    /// What there is too much of.
    pub what: &'static str,
    /// How many there may be.
    pub limit: usize,
}

impl From<Busy> for Problem {
    fn from(busy: Busy) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, busy.to_string())
    }
}

/// No place is free for a client.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum NoPlace {
    /// All are taken.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The client has its share, and others would have none.
    #[error(
        "{what}: {limit} at once are allowed, {own} of them go to {client} already, and as many are kept for others; end one, \
         or try again in a moment"
    )]
    Share {
        /// What there is too much of.
        what: &'static str,
        /// How many there may be.
        limit: usize,
        /// How many the client has.
        own: usize,
        /// The client.
        client: Client,
    },
}

impl From<NoPlace> for Problem {
    fn from(none: NoPlace) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, none.to_string())
    }
}

/// A limited number of places, for streams say. A client may have as many as are left for others. Clones are the same places.
#[derive(Clone, Debug)]
pub struct Places {
    what: &'static str,
    limit: usize,
    at_rest: Duration,
    taken: Arc<Taken>,
}

#[derive(Debug)]
struct Taken {
    begun: Instant,
    numbers: AtomicU64,
    by_number: Mutex<HashMap<u64, Arc<Use>>>,
}

/// What is made of a place.
#[derive(Debug)]
struct Use {
    client: Client,
    /// When something was asked for last, in milliseconds from [`Taken::begun`] on, or [`WAITS`].
    asked: AtomicU64,
}

/// A place that is taken until it is dropped. It counts always, or around a body while that is asked for.
#[derive(Debug)]
pub struct Place {
    taken: Arc<Taken>,
    number: u64,
    used: Arc<Use>,
}

impl Places {
    /// `limit` places for `what`, as errors call it: "streams".
    pub fn new(what: &'static str, limit: usize) -> Self {
        let taken = Taken { begun: Instant::now(), numbers: AtomicU64::new(0), by_number: Mutex::default() };
        Self { what, limit, at_rest: AT_REST, taken: Arc::new(taken) }
    }

    /// The same with another time than 10 s after which a body that nothing is asked of does not count.
    #[must_use]
    pub const fn at_rest_after(mut self, time: Duration) -> Self {
        self.at_rest = time;
        self
    }

    /// A place, if one is free for this client.
    ///
    /// # Errors
    /// [`NoPlace`].
    pub fn take(&self, client: Client) -> Result<Place, NoPlace> {
        let mut taken = self.taken.by_number();
        let (what, limit, all) = (self.what, self.limit, self.active(&taken).count());
        if all >= limit {
            return Err(Busy { what, limit }.into());
        }
        let own = self.active(&taken).filter(|used| used.client == client).count();
        if !share::allows(own, all, limit) {
            return Err(NoPlace::Share { what, limit, own, client });
        }
        let number = self.taken.numbers.fetch_add(1, Ordering::Relaxed);
        let used = Arc::new(Use { client, asked: AtomicU64::new(WAITS) });
        taken.insert(number, used.clone());
        Ok(Place { taken: self.taken.clone(), number, used })
    }

    /// Those that count.
    fn active<'a>(&self, taken: &'a HashMap<u64, Arc<Use>>) -> impl Iterator<Item = &'a Arc<Use>> {
        let now = self.taken.now();
        let at_rest = u64::try_from(self.at_rest.as_millis()).unwrap_or(u64::MAX);
        // WAITS is later than any time.
        taken.values().filter(move |used| used.asked.load(Ordering::Relaxed).saturating_add(at_rest) > now)
    }

    /// How many are taken and count.
    pub fn taken(&self) -> usize {
        self.active(&self.taken.by_number()).count()
    }

    /// How many are taken and do not count, because nothing is asked of their bodies.
    pub fn at_rest(&self) -> usize {
        let taken = self.taken.by_number();
        taken.len() - self.active(&taken).count()
    }

    /// How many there are.
    pub const fn limit(&self) -> usize {
        self.limit
    }
}

impl Taken {
    fn by_number(&self) -> MutexGuard<'_, HashMap<u64, Arc<Use>>> {
        self.by_number.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(WAITS - 1)
    }
}

impl Place {
    /// A body that has this place until it ends or is dropped. When it goes on after it was at rest it counts again, whoever has
    /// taken a place in the meantime.
    pub fn around(self, body: Body) -> Body {
        Body::new(Placed { body, place: self })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.taken.by_number().remove(&self.number);
    }
}

struct Placed {
    body: Body,
    place: Place,
}

impl HttpBody for Placed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        let asked = if frame.is_pending() { WAITS } else { self.place.taken.now() };
        self.place.used.asked.store(asked, Ordering::Relaxed);
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
