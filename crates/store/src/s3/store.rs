//! The store: this machine's disk, with the bucket behind it.

use std::sync::Arc;

use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::bucket::{Bucket, Down};
use super::claims::Found;
use super::limits::ASK_AGAIN;
use super::making::S3Making;
use super::node::Node;
use super::settings;
use super::turn::Turn;
use crate::disk::DiskStore;
use crate::error::StoreError;
use crate::format::{HEADER, Header};
use crate::key::ChunkId;
use crate::status::StoreStatus;
use crate::store::{Claim, Making, Store};
use crate::stored::Stored;

/// A [`DiskStore`] in front of a bucket.
#[derive(Clone)]
pub struct S3Store {
    node: Arc<Node>,
}

impl S3Store {
    /// The bucket and prefix of `url`, `s3://bucket/prefix`, behind the chunks of this machine. Credentials, region and
    /// endpoint come from the usual variables (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL`...);
    /// an `endpoint` given here wins. The bucket is not asked yet.
    ///
    /// # Errors
    /// [`StoreError`] when the URL names no bucket or the settings do not go together.
    pub fn open(front: DiskStore, url: &str, endpoint: Option<&str>) -> Result<Self, StoreError> {
        let bucket = Bucket::of(url, endpoint, *front.kind())?;
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("bucket").enable_all().build();
        let runtime = runtime.map_err(|e| settings::failed(url, e.to_string()))?;
        Ok(Self { node: Arc::new(Node { front, bucket: Arc::new(bucket), runtime: Some(runtime) }) })
    }
}

impl Store for S3Store {
    /// What this machine does not have is fetched.
    fn get(&self, id: &ChunkId) -> Result<Option<Stored>, StoreError> {
        if let Some(stored) = self.node.front.get(id)? {
            return Ok(Some(stored));
        }
        let _turn = Turn::take(&self.node.bucket, id);
        if let Some(stored) = self.node.front.get(id)? {
            return Ok(Some(stored));
        }
        let Some(Ok(Some(object))) = self.node.ask(self.node.bucket.fetch(id, None)) else { return Ok(None) };
        let payload = &object[HEADER as usize..];
        match self.node.front.claim(id, payload.len() as u64)? {
            Claim::Done(stored) => Ok(Some(stored)),
            Claim::Mine(local) => fill(local, payload).map(Some),
            Claim::Theirs(_) => Ok(None),
        }
    }

    fn has(&self, id: &ChunkId) -> bool {
        self.node.front.has(id)
    }

    fn claim(&self, id: &ChunkId, most: u64) -> Result<Claim, StoreError> {
        let _turn = Turn::take(&self.node.bucket, id);
        let local = match self.node.front.claim(id, most)? {
            Claim::Mine(local) => local,
            known => return Ok(known),
        };
        Ok(match self.node.ask(self.node.bucket.claim(id, most)) {
            None | Some(Err(Down)) => Claim::Mine(local),
            Some(Ok(Found::Object(object))) => Claim::Done(fill(local, &object[HEADER as usize..])?),
            Some(Ok(Found::Theirs)) => Claim::Theirs(ASK_AGAIN),
            Some(Ok(Found::Ours(version))) => {
                let (end, ended) = oneshot::channel();
                self.node.bucket.holding.send_modify(|holding| *holding += 1);
                let hold = Arc::clone(&self.node.bucket).hold(*id, version, ended);
                if let Some(runtime) = &self.node.runtime {
                    runtime.spawn(hold);
                }
                let header = Header::new(&self.node.bucket.kind, id);
                Claim::Mine(Box::new(S3Making { node: Arc::clone(&self.node), local, header, end }))
            }
        })
    }

    fn claim_in_memory(&self, id: &ChunkId, most: u64) -> Result<Claim, StoreError> {
        self.node.front.claim_in_memory(id, most)
    }

    fn status(&self) -> StoreStatus {
        StoreStatus { remote: Some(self.node.bucket.state().status.clone()), ..self.node.front.status() }
    }
}

fn fill(mut local: Box<dyn Making>, payload: &[u8]) -> Result<Stored, StoreError> {
    local.append(payload)?;
    local.commit()
}
