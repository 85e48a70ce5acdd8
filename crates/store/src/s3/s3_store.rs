//! The chunk store that uses this machine's disk and a bucket.

use std::sync::Arc;

use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::bucket::{Bucket, BucketUnavailable};
use super::claims::RemoteClaim;
use super::limits::RETRY_AFTER;
use super::node::Node;
use super::request_lock::RequestLock;
use super::settings;
use super::writer::S3ChunkWriter;
use crate::chunk_bytes::ChunkBytes;
use crate::disk_store::DiskStore;
use crate::error::StoreError;
use crate::format::{ChunkHeader, HEADER};
use crate::key::ChunkId;
use crate::status::StoreStatus;
use crate::store::{ChunkWriter, Claim, Store};

/// A [`DiskStore`] that shares its chunks with other machines through a bucket.
#[derive(Clone)]
pub struct S3Store {
    node: Arc<Node>,
}

impl S3Store {
    /// Combines the chunks on this machine's `disk` with the bucket and prefix of `url`, `s3://bucket/prefix`. Credentials, region
    /// and endpoint come from the usual variables (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`,
    /// `AWS_ENDPOINT_URL`...); `endpoint` overrides the variable. No request is sent yet.
    ///
    /// # Errors
    /// [`StoreError`] when the URL names no bucket or the settings contradict each other.
    pub fn open(disk: DiskStore, url: &str, endpoint: Option<&str>) -> Result<Self, StoreError> {
        let bucket = Bucket::of(url, endpoint, *disk.kind())?;
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("bucket").enable_all().build();
        let runtime = runtime.map_err(|e| settings::unusable(url, e.to_string()))?;
        Ok(Self { node: Arc::new(Node { disk, bucket: Arc::new(bucket), runtime: Some(runtime) }) })
    }
}

impl Store for S3Store {
    /// A chunk that is not on this machine is fetched.
    fn get(&self, id: &ChunkId) -> Result<Option<ChunkBytes>, StoreError> {
        if let Some(bytes) = self.node.disk.get(id)? {
            return Ok(Some(bytes));
        }
        let _lock = RequestLock::take(&self.node.bucket, id);
        if let Some(bytes) = self.node.disk.get(id)? {
            return Ok(Some(bytes));
        }
        let Some(Ok(Some(object))) = self.node.request(self.node.bucket.fetch(id, None)) else { return Ok(None) };
        let payload = &object[HEADER as usize..];
        match self.node.disk.claim(id, payload.len() as u64)? {
            Claim::Available(bytes) => Ok(Some(bytes)),
            Claim::Granted(local) => fill(local, payload).map(Some),
            Claim::HeldElsewhere(_) => Ok(None),
        }
    }

    fn has(&self, id: &ChunkId) -> bool {
        self.node.disk.has(id)
    }

    fn claim(&self, id: &ChunkId, most: u64) -> Result<Claim, StoreError> {
        let _lock = RequestLock::take(&self.node.bucket, id);
        let local = match self.node.disk.claim(id, most)? {
            Claim::Granted(local) => local,
            known => return Ok(known),
        };
        Ok(match self.node.request(self.node.bucket.claim(id, most)) {
            None | Some(Err(BucketUnavailable)) => Claim::Granted(local),
            Some(Ok(RemoteClaim::Object(object))) => Claim::Available(fill(local, &object[HEADER as usize..])?),
            Some(Ok(RemoteClaim::HeldElsewhere)) => Claim::HeldElsewhere(RETRY_AFTER),
            Some(Ok(RemoteClaim::Acquired(version))) => {
                let (upload, uploads) = oneshot::channel();
                self.node.bucket.held_claims.send_modify(|held_claims| *held_claims += 1);
                let hold = Arc::clone(&self.node.bucket).hold(*id, version, uploads);
                if let Some(runtime) = &self.node.runtime {
                    runtime.spawn(hold);
                }
                let header = ChunkHeader::new(&self.node.bucket.kind, id);
                Claim::Granted(Box::new(S3ChunkWriter { node: Arc::clone(&self.node), local, header, upload }))
            }
        })
    }

    fn claim_in_memory(&self, id: &ChunkId, most: u64) -> Result<Claim, StoreError> {
        self.node.disk.claim_in_memory(id, most)
    }

    fn status(&self) -> StoreStatus {
        StoreStatus { remote: Some(self.node.bucket.state().status.clone()), ..self.node.disk.status() }
    }
}

fn fill(mut local: Box<dyn ChunkWriter>, payload: &[u8]) -> Result<ChunkBytes, StoreError> {
    local.append(payload)?;
    local.commit()
}
