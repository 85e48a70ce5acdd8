//! What the bucket is asked, and what becomes of it when it does not answer.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, PutResult};
use tokio::sync::{Semaphore, watch};

use super::limits::{LARGEST, PATIENCE, REST, TRANSFER, UPLOADS};
use super::settings;
use crate::error::StoreError;
use crate::format::{self, HEADER};
use crate::key::ChunkId;
use crate::kind::Kind;
use crate::status::RemoteStatus;

/// The bucket did not answer, or not what it should: that has been told and counted.
pub struct Down;

/// A bucket, and what this process knows of it.
pub struct Bucket {
    pub kind: Kind,
    pub objects: AmazonS3,
    pub url: String,
    prefix: Path,
    /// This node's name in claims.
    pub node: String,
    /// Makes each writing of a claim another one.
    pub renewals: AtomicU64,
    pub uploads: Arc<Semaphore>,
    /// Claims that are held.
    pub holding: watch::Sender<usize>,
    state: Mutex<State>,
    /// Told when a thread has asked for a chunk.
    pub answered: Condvar,
}

#[derive(Default)]
pub struct State {
    resting_until: Option<Instant>,
    /// Chunks that a thread asks for.
    pub asking: HashSet<ChunkId>,
    /// Claims of others, as they were when they were seen first.
    pub seen: HashMap<ChunkId, (String, Instant)>,
    pub status: RemoteStatus,
}

impl Bucket {
    /// The bucket of a URL, for chunks of a kind. It is not asked yet.
    pub fn of(url: &str, endpoint: Option<&str>, kind: Kind) -> Result<Self, StoreError> {
        let (objects, prefix) = settings::open(url, endpoint)?;
        Ok(Self {
            kind,
            objects,
            url: url.to_owned(),
            prefix,
            node: settings::node(),
            renewals: AtomicU64::new(0),
            uploads: Arc::new(Semaphore::new(UPLOADS)),
            holding: watch::Sender::new(0),
            state: Mutex::default(),
            answered: Condvar::new(),
        })
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_resting(&self) -> bool {
        self.state().resting_until.is_some_and(|until| Instant::now() < until)
    }

    pub fn path(&self, id: &ChunkId, suffix: &str) -> Path {
        let [group, key, index] = id.place();
        self.prefix.clone().join(group).join(key).join(format!("{index}{suffix}"))
    }

    /// What the bucket answers; nothing when what was asked for is not there or not as the condition says.
    pub async fn ask<T>(
        &self,
        what: &'static str,
        path: &Path,
        patience: Duration,
        request: impl Future<Output = object_store::Result<T>>,
    ) -> Result<Option<T>, Down> {
        let cause = match tokio::time::timeout(patience, request).await {
            Ok(Ok(answer)) => {
                self.is_well();
                return Ok(Some(answer));
            }
            Ok(Err(Error::NotFound { .. } | Error::AlreadyExists { .. } | Error::Precondition { .. })) => {
                return Ok(None);
            }
            Ok(Err(e)) => e.to_string(),
            Err(_) => format!("no answer within {} s", patience.as_secs()),
        };
        Err(self.is_down(&StoreError { what, name: format!("{} {path}", self.url), cause }))
    }

    fn is_well(&self) {
        let mut state = self.state();
        state.resting_until = None;
        if state.status.trouble.take().is_some() {
            drop(state);
            tracing::info!("{} answers again", self.url);
        }
    }

    fn is_down(&self, error: &StoreError) -> Down {
        let mut state = self.state();
        state.resting_until = Some(Instant::now() + REST);
        state.status.failures += 1;
        if state.status.trouble.replace(error.to_string()).is_none() {
            drop(state);
            tracing::warn!("{error}; until it answers again, this node makes its chunks for itself");
        }
        Down
    }

    /// The object of a chunk, checked.
    pub async fn fetch(&self, id: &ChunkId, most: Option<u64>) -> Result<Option<Vec<u8>>, Down> {
        const WHAT: &str = "cannot fetch the chunk";
        let path = self.path(id, "");
        let Some(object) = self.ask(WHAT, &path, PATIENCE, self.objects.get(&path)).await? else { return Ok(None) };
        let size = object.meta.size;
        let bytes = if size <= LARGEST && most.is_none_or(|most| size <= HEADER + most) {
            self.ask(WHAT, &path, TRANSFER, object.bytes()).await?.map(Vec::from)
        } else {
            Some(Vec::new())
        };
        let Some(bytes) = bytes else { return Ok(None) };
        match format::check_bytes(&bytes, &self.kind, id) {
            Ok(()) => {
                let mut state = self.state();
                state.seen.remove(id);
                state.status.fetched += 1;
                Ok(Some(bytes))
            }
            Err(damage) => {
                self.state().status.damaged += 1;
                tracing::warn!("removed the chunk {path} of {}: {damage}; it is made again", self.url);
                self.ask("cannot remove the chunk", &path, PATIENCE, self.objects.delete(&path)).await?;
                Ok(None)
            }
        }
    }

    /// Puts an object, on a condition.
    pub async fn put(
        &self,
        what: &'static str,
        path: &Path,
        patience: Duration,
        body: PutPayload,
        mode: PutMode,
    ) -> Result<Option<PutResult>, Down> {
        let put = async {
            self.objects.put_opts(path, body, PutOptions::from(mode)).await.map_err(|e| match e {
                // What is not there is the bucket.
                Error::NotFound { source, .. } => Error::Generic { store: "S3", source },
                e => e,
            })
        };
        self.ask(what, path, patience, put).await
    }
}
