//! What this node has: its own disk, the bucket, and the thread that talks to it.

use std::future::Future;
use std::sync::Arc;
use std::thread;

use tokio::runtime::Runtime;

use super::bucket::Bucket;
use super::limits::DRAIN;
use crate::disk::DiskStore;

/// A disk in front of a bucket.
pub struct Node {
    pub front: DiskStore,
    pub bucket: Arc<Bucket>,
    pub runtime: Option<Runtime>,
}

impl Node {
    /// Asks the bucket, unless it is left alone.
    pub fn ask<F: Future>(&self, request: F) -> Option<F::Output> {
        let runtime = self.runtime.as_ref().filter(|_| !self.bucket.is_resting())?;
        Some(runtime.block_on(request))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        let mut holding = self.bucket.holding.subscribe();
        // On a thread of its own: the one that drops it may belong to another runtime, which must not wait.
        thread::scope(|scope| {
            let drained = scope.spawn(|| {
                runtime.block_on(async {
                    tokio::time::timeout(DRAIN, holding.wait_for(|holding| *holding == 0)).await.is_ok()
                })
            });
            if !drained.join().unwrap_or(false) {
                tracing::warn!(
                    "uploads to {} were not done in time; other nodes make these chunks again",
                    self.bucket.url
                );
            }
        });
        runtime.shutdown_background();
    }
}
