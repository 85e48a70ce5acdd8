//! Requests to the bucket, and the backoff after a request that failed.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, PutResult};
use tokio::sync::{Semaphore, watch};

use super::limits::{BACKOFF, LARGEST, REQUEST_TIMEOUT, TRANSFER_TIMEOUT, UPLOADS};
use super::settings;
use crate::chunk_kind::ChunkKind;
use crate::error::StoreError;
use crate::format::{self, HEADER};
use crate::key::ChunkId;
use crate::status::RemoteStatus;

/// The error of a request to the bucket that failed. It is logged and counted already.
pub struct BucketUnavailable;

/// A bucket and its state in this process.
pub struct Bucket {
    pub kind: ChunkKind,
    pub objects: AmazonS3,
    pub url: String,
    prefix: Path,
    /// This node's name in claims.
    pub node: String,
    /// The number of written claims. It is part of each claim, so that the bytes of all claims are different.
    pub renewals: AtomicU64,
    pub uploads: Arc<Semaphore>,
    /// The number of claims that this node holds.
    pub held_claims: watch::Sender<usize>,
    state: Mutex<BucketState>,
    /// Is notified when a thread removes a chunk from [`BucketState::requested`].
    pub request_done: Condvar,
}

#[derive(Default)]
pub struct BucketState {
    backoff_until: Option<Instant>,
    /// The chunks about which a thread sends requests.
    pub requested: HashSet<ChunkId>,
    /// The claims of other nodes: the tag of each, and the time at which this tag was first read.
    pub other_claims: HashMap<ChunkId, (String, Instant)>,
    pub status: RemoteStatus,
}

impl Bucket {
    /// The bucket of a URL, for chunks of a kind. No request is sent yet.
    pub fn of(url: &str, endpoint: Option<&str>, kind: ChunkKind) -> Result<Self, StoreError> {
        let (objects, prefix) = settings::open(url, endpoint)?;
        Ok(Self {
            kind,
            objects,
            url: url.to_owned(),
            prefix,
            node: settings::node_name(),
            renewals: AtomicU64::new(0),
            uploads: Arc::new(Semaphore::new(UPLOADS)),
            held_claims: watch::Sender::new(0),
            state: Mutex::default(),
            request_done: Condvar::new(),
        })
    }

    pub fn state(&self) -> MutexGuard<'_, BucketState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_backing_off(&self) -> bool {
        self.state().backoff_until.is_some_and(|until| Instant::now() < until)
    }

    pub fn path(&self, id: &ChunkId, suffix: &str) -> Path {
        let [group, key, index] = id.path_components();
        self.prefix.clone().join(group).join(key).join(format!("{index}{suffix}"))
    }

    /// Sends a request and returns its result; `None` when the object does not exist or the condition is not met.
    pub async fn request<T>(
        &self,
        what: &'static str,
        path: &Path,
        timeout: Duration,
        request: impl Future<Output = object_store::Result<T>>,
    ) -> Result<Option<T>, BucketUnavailable> {
        let cause = match tokio::time::timeout(timeout, request).await {
            Ok(Ok(response)) => {
                self.record_success();
                return Ok(Some(response));
            }
            Ok(Err(Error::NotFound { .. } | Error::AlreadyExists { .. } | Error::Precondition { .. })) => {
                return Ok(None);
            }
            Ok(Err(e)) => e.to_string(),
            Err(_) => format!("no response within {} s", timeout.as_secs()),
        };
        Err(self.record_failure(&StoreError { what, name: format!("{} {path}", self.url), cause }))
    }

    fn record_success(&self) {
        let mut state = self.state();
        state.backoff_until = None;
        if state.status.error.take().is_some() {
            drop(state);
            tracing::info!("{} is available again", self.url);
        }
    }

    fn record_failure(&self, error: &StoreError) -> BucketUnavailable {
        let mut state = self.state();
        state.backoff_until = Some(Instant::now() + BACKOFF);
        state.status.failures += 1;
        if state.status.error.replace(error.to_string()).is_none() {
            drop(state);
            tracing::warn!("{error}; until it is available again, this node makes its chunks for itself");
        }
        BucketUnavailable
    }

    /// Fetches and verifies the object of a chunk.
    pub async fn fetch(&self, id: &ChunkId, most: Option<u64>) -> Result<Option<Vec<u8>>, BucketUnavailable> {
        const WHAT: &str = "cannot fetch the chunk";
        let path = self.path(id, "");
        let Some(object) = self.request(WHAT, &path, REQUEST_TIMEOUT, self.objects.get(&path)).await? else {
            return Ok(None);
        };
        let size = object.meta.size;
        let bytes = if size <= LARGEST && most.is_none_or(|most| size <= HEADER + most) {
            self.request(WHAT, &path, TRANSFER_TIMEOUT, object.bytes()).await?.map(Vec::from)
        } else {
            Some(Vec::new())
        };
        let Some(bytes) = bytes else { return Ok(None) };
        match format::check_bytes(&bytes, &self.kind, id) {
            Ok(()) => {
                let mut state = self.state();
                state.other_claims.remove(id);
                state.status.fetched += 1;
                Ok(Some(bytes))
            }
            Err(damage) => {
                self.state().status.damaged += 1;
                tracing::warn!("removed the chunk {path} of {}: {damage}; it is made again", self.url);
                self.request("cannot remove the chunk", &path, REQUEST_TIMEOUT, self.objects.delete(&path)).await?;
                Ok(None)
            }
        }
    }

    /// Puts an object, on the condition that `mode` states.
    pub async fn put(
        &self,
        what: &'static str,
        path: &Path,
        timeout: Duration,
        body: PutPayload,
        mode: PutMode,
    ) -> Result<Option<PutResult>, BucketUnavailable> {
        let put = async {
            self.objects.put_opts(path, body, PutOptions::from(mode)).await.map_err(|e| match e {
                // `NotFound` means here that the bucket does not exist.
                Error::NotFound { source, .. } => Error::Generic { store: "S3", source },
                e => e,
            })
        };
        self.request(what, path, timeout, put).await
    }
}
