//! The node: its disk, the bucket, and the runtime for requests.

use std::future::Future;
use std::sync::Arc;
use std::thread;

use tokio::runtime::Runtime;

use super::bucket::Bucket;
use super::limits::DRAIN_TIMEOUT;
use crate::disk_store::DiskStore;

/// The disk and the bucket of a node.
pub struct Node {
    pub disk: DiskStore,
    pub bucket: Arc<Bucket>,
    pub runtime: Option<Runtime>,
}

impl Node {
    /// Runs a request to the bucket. Returns `None` during the backoff after a failure.
    pub fn request<F: Future>(&self, request: F) -> Option<F::Output> {
        let runtime = self.runtime.as_ref().filter(|_| !self.bucket.is_backing_off())?;
        Some(runtime.block_on(request))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        let mut held_claims = self.bucket.held_claims.subscribe();
        // The wait is on its own thread, because the current one may belong to another runtime, in which blocking is not allowed.
        thread::scope(|scope| {
            let uploaded = scope.spawn(|| {
                runtime.block_on(async {
                    tokio::time::timeout(DRAIN_TIMEOUT, held_claims.wait_for(|held_claims| *held_claims == 0))
                        .await
                        .is_ok()
                })
            });
            if !uploaded.join().unwrap_or(false) {
                tracing::warn!(
                    "uploads to {} were not done in time; other nodes make these chunks again",
                    self.bucket.url
                );
            }
        });
        runtime.shutdown_background();
    }
}
