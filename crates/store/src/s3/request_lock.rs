//! A lock for requests about one chunk.

use std::sync::PoisonError;

use super::bucket::Bucket;
use crate::key::ChunkId;

/// Blocks other threads of this process that need the same chunk. They continue when the chunk is on this machine, so that it is
/// fetched once.
pub struct RequestLock<'a> {
    bucket: &'a Bucket,
    id: ChunkId,
}

impl<'a> RequestLock<'a> {
    pub fn take(bucket: &'a Bucket, id: &ChunkId) -> Self {
        let mut state = bucket.state();
        while !state.requested.insert(*id) {
            state = bucket.request_done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Self { bucket, id: *id }
    }
}

impl Drop for RequestLock<'_> {
    fn drop(&mut self) {
        self.bucket.state().requested.remove(&self.id);
        self.bucket.request_done.notify_all();
    }
}
