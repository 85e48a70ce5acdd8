//! Somebody who reads a rendition, piece after piece.

use std::sync::Arc;

use crowd_store::ChunkBytes;

use super::job::{Job, View};
use super::shared::{Shared, blocking};
use super::worker;
use crate::error::Error;

/// Reads a job. When it is dropped and nobody else listens, the job stops.
pub struct Listener {
    shared: Arc<Shared>,
    job: Arc<Job>,
    number: u64,
}

impl Listener {
    pub(super) fn new(shared: Arc<Shared>, job: Arc<Job>, number: u64) -> Self {
        Self { shared, job, number }
    }

    /// What it listens to.
    pub fn job(&self) -> &Arc<Job> {
        &self.job
    }

    /// The next bytes of a piece from `at` on, as soon as there are any, at most so many; nothing behind its end.
    ///
    /// # Errors
    /// What became of the job.
    pub async fn read(&mut self, index: usize, at: u64, most: u64) -> Result<Vec<u8>, Error> {
        self.come_to(index, at);
        let bytes = self.bytes(index, at, most).await?;
        self.job.served(self.number);
        Ok(bytes)
    }

    async fn bytes(&mut self, index: usize, at: u64, most: u64) -> Result<Vec<u8>, Error> {
        if let Some(stored) = self.job.opened(self.number, index) {
            return read(stored, at, most).await;
        }
        let mut changes = self.job.watch();
        loop {
            changes.borrow_and_update();
            let whole = match self.job.view(index)? {
                View::Growing(stored) if stored.len() > at => return read(stored, at, most).await,
                View::Done { open: Some(stored), .. } if stored.is_unchanged() => Some(stored),
                View::Done { .. } | View::Unknown => self.look(index).await?,
                View::Growing(_) | View::Wait => {
                    // The job outlives us, and so does its side of the channel.
                    let _ = changes.changed().await;
                    None
                }
            };
            if let Some(stored) = whole {
                self.job.open(self.number, index, &stored);
                return read(stored, at, most).await;
            }
        }
    }

    /// Bytes of a piece, once it is complete.
    ///
    /// # Errors
    /// What became of the job.
    pub async fn length(&mut self, index: usize) -> Result<u64, Error> {
        self.come_to(index, 0);
        let mut changes = self.job.watch();
        loop {
            changes.borrow_and_update();
            match self.job.view(index)? {
                View::Done { length, .. } => return Ok(length),
                View::Unknown => drop(self.look(index).await?),
                View::Growing(_) | View::Wait => {
                    let _ = changes.changed().await;
                }
            }
        }
    }

    /// Closes what it holds open, until it reads again.
    pub(super) fn close(&self) {
        self.job.close(self.number);
    }

    /// Asks the store for a piece.
    async fn look(&mut self, index: usize) -> Result<Option<ChunkBytes>, Error> {
        let (store, id) = (self.shared.store.clone(), self.job.rendition.chunk(index));
        let found = match id {
            Some(id) => blocking(move || store.get(&id)).await??,
            None => None,
        };
        self.job.looked(index, found.as_ref());
        if found.is_none() {
            worker::start(&self.shared, &self.job);
        }
        Ok(found)
    }

    fn come_to(&mut self, index: usize, at: u64) {
        if self.job.comes_to(self.number, index, at) {
            worker::start(&self.shared, &self.job);
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.job.leave(self.number);
        // What waits for a permit and is not wanted any more ends.
        self.shared.turns.look();
    }
}

async fn read(stored: ChunkBytes, at: u64, most: u64) -> Result<Vec<u8>, Error> {
    let read = move || {
        let mut bytes = vec![0; most.min(stored.len().saturating_sub(at)) as usize];
        stored.read_at(at, &mut bytes).map(|_| bytes)
    };
    blocking(read).await?.map_err(|error| Error::io("a chunk", "read", error))
}
