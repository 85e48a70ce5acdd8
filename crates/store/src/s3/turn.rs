//! Threads of this process that ask for the same chunk, one after the other.

use std::sync::PoisonError;

use super::bucket::Bucket;
use crate::key::ChunkId;

/// The right of one thread to ask the bucket for a chunk: others wait, and find it on this machine.
pub struct Turn<'a> {
    bucket: &'a Bucket,
    id: ChunkId,
}

impl<'a> Turn<'a> {
    pub fn take(bucket: &'a Bucket, id: &ChunkId) -> Self {
        let mut state = bucket.state();
        while !state.asking.insert(*id) {
            state = bucket.answered.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Self { bucket, id: *id }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.bucket.state().asking.remove(&self.id);
        self.bucket.answered.notify_all();
    }
}
