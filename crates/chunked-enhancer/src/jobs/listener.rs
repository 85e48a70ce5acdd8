//! A reader of a rendition, chunk after chunk.

use std::sync::Arc;

use crowd_store::ChunkBytes;

use super::context::{JobContext, blocking};
use super::job::{Availability, Job};
use super::worker;
use crate::error::Error;

/// Reads the rendition of a job. When the last listener of a job is dropped, the job stops.
pub struct Listener {
    context: Arc<JobContext>,
    job: Arc<Job>,
    number: u64,
}

impl Listener {
    pub(super) fn new(context: Arc<JobContext>, job: Arc<Job>, number: u64) -> Self {
        Self { context, job, number }
    }

    /// The job whose rendition it reads.
    pub fn job(&self) -> &Arc<Job> {
        &self.job
    }

    /// Waits until the chunk has bytes from byte `at` on, and returns at most `most` of them. Returns none after the end of the chunk.
    ///
    /// # Errors
    /// The reason why the chunk cannot be made.
    pub async fn read(&mut self, index: usize, at: u64, most: u64) -> Result<Vec<u8>, Error> {
        self.start_read(index, at);
        let bytes = self.bytes(index, at, most).await?;
        self.job.finish_read(self.number);
        Ok(bytes)
    }

    async fn bytes(&mut self, index: usize, at: u64, most: u64) -> Result<Vec<u8>, Error> {
        if let Some(stored) = self.job.opened(self.number, index) {
            return read(stored, at, most).await;
        }
        let mut changes = self.job.watch();
        loop {
            changes.borrow_and_update();
            let complete = match self.job.availability(index)? {
                Availability::Growing(stored) if stored.len() > at => return read(stored, at, most).await,
                Availability::Done { open: Some(stored), .. } if stored.is_unchanged() => Some(stored),
                Availability::Done { .. } | Availability::Unknown => self.look_up(index).await?,
                Availability::Growing(_) | Availability::Nothing => {
                    // This cannot fail, because the job has the sender and lives at least as long as this listener.
                    let _ = changes.changed().await;
                    None
                }
            };
            if let Some(stored) = complete {
                self.job.open(self.number, index, &stored);
                return read(stored, at, most).await;
            }
        }
    }

    /// Waits until a chunk is complete, and returns its length in bytes.
    ///
    /// # Errors
    /// The reason why the chunk cannot be made.
    pub async fn length(&mut self, index: usize) -> Result<u64, Error> {
        self.start_read(index, 0);
        let mut changes = self.job.watch();
        loop {
            changes.borrow_and_update();
            match self.job.availability(index)? {
                Availability::Done { length, .. } => return Ok(length),
                Availability::Unknown => drop(self.look_up(index).await?),
                Availability::Growing(_) | Availability::Nothing => {
                    let _ = changes.changed().await;
                }
            }
        }
    }

    /// Closes the chunk that is open for this listener. The next read opens it again.
    pub(super) fn close(&self) {
        self.job.close(self.number);
    }

    /// Looks up a chunk in the store.
    async fn look_up(&mut self, index: usize) -> Result<Option<ChunkBytes>, Error> {
        let (store, id) = (self.context.store.clone(), self.job.rendition.chunk_id(index));
        let found = match id {
            Some(id) => blocking(move || store.get(&id)).await??,
            None => None,
        };
        self.job.looked_up(index, found.as_ref());
        if found.is_none() {
            worker::start(&self.context, &self.job);
        }
        Ok(found)
    }

    fn start_read(&mut self, index: usize, at: u64) {
        if self.job.start_read(self.number, index, at) {
            worker::start(&self.context, &self.job);
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.job.remove_listener(self.number);
        self.context.permits.end_unneeded();
    }
}

async fn read(stored: ChunkBytes, at: u64, most: u64) -> Result<Vec<u8>, Error> {
    let read = move || {
        let mut bytes = vec![0; most.min(stored.len().saturating_sub(at)) as usize];
        stored.read_at(at, &mut bytes).map(|_| bytes)
    };
    blocking(read).await?.map_err(|error| Error::io("a chunk", "read", error))
}
