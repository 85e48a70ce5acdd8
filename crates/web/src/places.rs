//! How many of something there may be at once.

use std::sync::Arc;

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;

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

/// A limited number of places, for streams say.
#[derive(Clone, Debug)]
pub struct Places {
    what: &'static str,
    limit: usize,
    free: Arc<Semaphore>,
}

/// A place that is taken until it is dropped.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Places {
    /// `limit` places for `what`, as errors call it: "streams".
    pub fn new(what: &'static str, limit: usize) -> Self {
        Self { what, limit, free: Arc::new(Semaphore::new(limit)) }
    }

    /// A place, if one is free.
    ///
    /// # Errors
    /// [`Busy`].
    pub fn take(&self) -> Result<Place, Busy> {
        let permit = self.free.clone().try_acquire_owned();
        permit.map(|permit| Place { _permit: permit }).map_err(|_| Busy { what: self.what, limit: self.limit })
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.limit - self.free.available_permits()
    }

    /// How many there are.
    pub const fn limit(&self) -> usize {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_dropped() {
        let places = Places::new("streams", 2);
        let (one, _two) = (places.take().unwrap(), places.take().unwrap());
        assert_eq!(places.taken(), 2);
        let busy = places.take().unwrap_err();
        assert_eq!(busy.to_string(), "streams: 2 at once are allowed; try again in a moment");
        drop(one);
        assert!(places.take().is_ok());
    }
}
