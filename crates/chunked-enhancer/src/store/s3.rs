//! Chunks that several machines share through a bucket of an S3-compatible object store.
//!
//! A chunk is an object of the same name and bytes as the [file](super::format) on a machine. Beside it stands
//! `<index>.claim` while a node makes it: put there on the condition that there is none, and renewed until the chunk is
//! uploaded. Nodes compare no clocks: a claim that one sees unchanged for [`LEASE`] belongs to a node that is no more, and is
//! taken over on the condition that it is still the same.
//!
//! The bucket is never waited for long, and never in vain for every chunk: what does not answer in time is left alone for
//! [`REST`], and chunks are made here, as if there were no other node.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{fs, io, process, thread};

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    ClientOptions, Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, PutResult, RetryConfig,
    UpdateVersion,
};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use super::disk::DiskStore;
use super::format::{self, HEADER, Header};
use super::{ChunkId, Claim, Making, RemoteStatus, Store, StoreError, StoreStatus, Stored};

/// How long a claim stands without being renewed.
pub const LEASE: Duration = Duration::from_secs(2);
/// How often it is renewed.
const RENEW: Duration = Duration::from_millis(500);
/// When to ask again for a chunk that another node makes.
const ASK_AGAIN: Duration = Duration::from_millis(200);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a chunk may be on its way.
const TRANSFER: Duration = Duration::from_secs(10);
/// How long a bucket that failed is left alone.
pub const REST: Duration = Duration::from_secs(5);
/// Uploads at a time: each holds its chunk in memory.
const UPLOADS: usize = 4;
/// How long the end of the process waits for uploads.
const DRAIN: Duration = Duration::from_secs(3);
/// No object larger than this is fetched: no chunk is.
const LARGEST: u64 = 256 << 20;

/// A [`DiskStore`] in front of a bucket.
#[derive(Clone)]
pub struct S3Store {
    inner: Arc<Inner>,
}

struct Inner {
    front: DiskStore,
    bucket: Arc<Bucket>,
    runtime: Option<Runtime>,
}

impl S3Store {
    /// The bucket and prefix of `url`, `s3://bucket/prefix`, behind the chunks of this machine. Credentials, region and
    /// endpoint come from the usual variables (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL`...);
    /// an `endpoint` given here wins. The bucket is not asked yet.
    ///
    /// # Errors
    /// [`StoreError`] when the URL names no bucket or the settings do not go together.
    pub fn open(front: DiskStore, url: &str, endpoint: Option<&str>) -> Result<Self, StoreError> {
        let failed = |cause: String| StoreError {
            what: "cannot use the object store",
            name: url.escape_debug().to_string(),
            cause,
        };
        let (bucket, prefix) = url
            .strip_prefix("s3://")
            .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
            .filter(|(bucket, _)| !bucket.is_empty())
            .ok_or_else(|| failed("give s3://bucket or s3://bucket/prefix".to_owned()))?;
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_disable_bulk_delete(true)
            .with_client_options(ClientOptions::new().with_timeout(TRANSFER).with_connect_timeout(PATIENCE))
            .with_retry(RetryConfig { max_retries: 1, retry_timeout: PATIENCE, ..RetryConfig::default() });
        let from_environment = || {
            ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]
                .into_iter()
                .find_map(|name| std::env::var(name).ok())
        };
        if let Some(endpoint) = endpoint.map(str::to_owned).or_else(from_environment) {
            // Without TLS only where it was asked for so.
            builder = builder.with_allow_http(endpoint.starts_with("http://")).with_endpoint(endpoint);
        }
        let bucket = builder.build().map_err(|e| failed(e.to_string()))?;
        let prefix = Path::parse(prefix).map_err(|e| failed(e.to_string()))?;
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("bucket").enable_all().build();
        let runtime = runtime.map_err(|e| failed(e.to_string()))?;
        let bucket = Bucket {
            objects: bucket,
            url: url.to_owned(),
            prefix,
            node: node(),
            renewals: AtomicU64::new(0),
            uploads: Arc::new(Semaphore::new(UPLOADS)),
            holding: watch::Sender::new(0),
            state: Mutex::default(),
            answered: Condvar::new(),
        };
        Ok(Self { inner: Arc::new(Inner { front, bucket: Arc::new(bucket), runtime: Some(runtime) }) })
    }
}

impl Store for S3Store {
    /// What this machine does not have is fetched.
    fn get(&self, id: &ChunkId) -> Result<Option<Stored>, StoreError> {
        if let Some(stored) = self.inner.front.get(id)? {
            return Ok(Some(stored));
        }
        let _turn = Turn::take(&self.inner.bucket, id);
        if let Some(stored) = self.inner.front.get(id)? {
            return Ok(Some(stored));
        }
        let Some(Ok(Some(object))) = self.inner.ask(self.inner.bucket.fetch(id, None)) else { return Ok(None) };
        let payload = &object[HEADER as usize..];
        match self.inner.front.claim(id, payload.len() as u64)? {
            Claim::Done(stored) => Ok(Some(stored)),
            Claim::Mine(local) => fill(local, payload).map(Some),
            Claim::Theirs(_) => Ok(None),
        }
    }

    fn has(&self, id: &ChunkId) -> bool {
        self.inner.front.has(id)
    }

    fn claim(&self, id: &ChunkId, most: u64) -> Result<Claim, StoreError> {
        let _turn = Turn::take(&self.inner.bucket, id);
        let local = match self.inner.front.claim(id, most)? {
            Claim::Mine(local) => local,
            known => return Ok(known),
        };
        Ok(match self.inner.ask(self.inner.bucket.claim(id, most)) {
            None | Some(Err(Down)) => Claim::Mine(local),
            Some(Ok(Found::Object(object))) => Claim::Done(fill(local, &object[HEADER as usize..])?),
            Some(Ok(Found::Theirs)) => Claim::Theirs(ASK_AGAIN),
            Some(Ok(Found::Ours(version))) => {
                let (end, ended) = oneshot::channel();
                self.inner.bucket.holding.send_modify(|holding| *holding += 1);
                let hold = Arc::clone(&self.inner.bucket).hold(*id, version, ended);
                if let Some(runtime) = &self.inner.runtime {
                    runtime.spawn(hold);
                }
                Claim::Mine(Box::new(S3Making { inner: Arc::clone(&self.inner), local, end }))
            }
        })
    }

    fn status(&self) -> StoreStatus {
        StoreStatus { remote: Some(self.inner.bucket.state().status.clone()), ..self.inner.front.status() }
    }
}

fn fill(mut local: Box<dyn Making>, payload: &[u8]) -> Result<Stored, StoreError> {
    local.append(payload)?;
    local.commit()
}

impl Inner {
    /// Asks the bucket, unless it is left alone.
    fn ask<F: Future>(&self, request: F) -> Option<F::Output> {
        let runtime = self.runtime.as_ref().filter(|_| !self.bucket.is_resting())?;
        Some(runtime.block_on(request))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        let mut holding = self.bucket.holding.subscribe();
        // On a thread of its own: whoever drops it may be one of another runtime, which must not wait.
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

/// The right of one thread to ask the bucket for a chunk: others wait, and find it on this machine.
struct Turn<'a> {
    bucket: &'a Bucket,
    id: ChunkId,
}

impl<'a> Turn<'a> {
    fn take(bucket: &'a Bucket, id: &ChunkId) -> Self {
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

/// A chunk this node makes, for all of them.
struct S3Making {
    inner: Arc<Inner>,
    local: Box<dyn Making>,
    /// Dropped without a word, it lets go of the claim.
    end: oneshot::Sender<Upload>,
}

/// A chunk to upload, and its place among the uploads.
type Upload = (Stored, OwnedSemaphorePermit);

impl Making for S3Making {
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.local.append(bytes)
    }

    fn so_far(&self) -> Stored {
        self.local.so_far()
    }

    /// The upload goes on after it.
    fn commit(self: Box<Self>) -> Result<Stored, StoreError> {
        let Self { inner, local, end } = *self;
        let stored = local.commit()?;
        // A bucket slower than the making holds the maker back, for a while.
        let place = Arc::clone(&inner.bucket.uploads).acquire_owned();
        let place = inner.ask(async { tokio::time::timeout(TRANSFER, place).await });
        if let Some(Ok(Ok(place))) = place {
            let _ = end.send((stored.clone(), place));
        }
        Ok(stored)
    }
}

/// The bucket did not answer, or not what it should: that has been told and counted.
struct Down;

enum Found {
    Object(Vec<u8>),
    Theirs,
    Ours(UpdateVersion),
}

struct Bucket {
    objects: AmazonS3,
    url: String,
    prefix: Path,
    /// This node's name in claims.
    node: String,
    /// Makes each writing of a claim another one.
    renewals: AtomicU64,
    uploads: Arc<Semaphore>,
    /// Claims that are held.
    holding: watch::Sender<usize>,
    state: Mutex<State>,
    /// Told when a thread has asked for a chunk.
    answered: Condvar,
}

#[derive(Default)]
struct State {
    resting_until: Option<Instant>,
    /// Chunks that a thread asks for.
    asking: HashSet<ChunkId>,
    /// Claims of others, as they were when they were seen first.
    seen: HashMap<ChunkId, (String, Instant)>,
    status: RemoteStatus,
}

impl Bucket {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_resting(&self) -> bool {
        self.state().resting_until.is_some_and(|until| Instant::now() < until)
    }

    fn path(&self, id: &ChunkId, suffix: &str) -> Path {
        let rendition = id.rendition.to_string();
        self.prefix.clone().join(&rendition[..2]).join(rendition.as_str()).join(format!("{}{suffix}", id.index))
    }

    /// What the bucket answers; nothing when what was asked for is not there or not as the condition says.
    async fn ask<T>(
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
    async fn fetch(&self, id: &ChunkId, most: Option<u64>) -> Result<Option<Vec<u8>>, Down> {
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
        match format::check_bytes(&bytes, id) {
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

    /// The chunk, or the right to make it.
    async fn claim(&self, id: &ChunkId, most: u64) -> Result<Found, Down> {
        if let Some(object) = self.fetch(id, Some(most)).await? {
            return Ok(Found::Object(object));
        }
        let path = self.path(id, ".claim");
        let claimed = match self.put_claim(&path, PutMode::Create).await? {
            Some(claimed) => claimed,
            None => {
                let head = self.ask("cannot read the claim", &path, PATIENCE, self.objects.head(&path)).await?;
                let Some(e_tag) = head.and_then(|head| head.e_tag) else { return Ok(Found::Theirs) };
                if !self.is_abandoned(id, &e_tag) {
                    return Ok(Found::Theirs);
                }
                let version = UpdateVersion { e_tag: Some(e_tag), version: None };
                match self.put_claim(&path, PutMode::Update(version)).await? {
                    Some(claimed) => claimed,
                    None => return Ok(Found::Theirs),
                }
            }
        };
        self.state().seen.remove(id);
        // Its last maker may have finished between the look and the claim.
        if let Some(object) = self.fetch(id, Some(most)).await? {
            self.ask("cannot remove the claim", &path, PATIENCE, self.objects.delete(&path)).await?;
            return Ok(Found::Object(object));
        }
        Ok(Found::Ours(claimed.into()))
    }

    async fn put_claim(&self, path: &Path, mode: PutMode) -> Result<Option<PutResult>, Down> {
        let renewals = self.renewals.fetch_add(1, Ordering::Relaxed);
        let body = serde_json::json!({ "node": self.node, "renewals": renewals }).to_string();
        self.put("cannot claim the chunk", path, PATIENCE, body.into(), mode).await
    }

    async fn put(
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

    /// Whether a claim has stood unchanged for longer than a living node lets it.
    fn is_abandoned(&self, id: &ChunkId, e_tag: &str) -> bool {
        let mut state = self.state();
        let now = Instant::now();
        // Whoever asked for these has gone away.
        state.seen.retain(|_, (_, since)| now.duration_since(*since) < 30 * LEASE);
        let (seen, since) = state.seen.entry(*id).or_insert_with(|| (e_tag.to_owned(), now));
        if seen != e_tag {
            (*seen, *since) = (e_tag.to_owned(), now);
        }
        now.duration_since(*since) >= LEASE
    }

    /// Renews a claim until the chunk is uploaded or given up.
    async fn hold(self: Arc<Self>, id: ChunkId, mut version: UpdateVersion, ended: oneshot::Receiver<Upload>) {
        let path = self.path(&id, ".claim");
        let work = async {
            if let Ok((stored, _place)) = ended.await {
                self.upload(id, stored).await;
            }
        };
        tokio::pin!(work);
        let mut ours = true;
        while tokio::time::timeout(RENEW, &mut work).await.is_err() {
            if ours {
                match self.put_claim(&path, PutMode::Update(version.clone())).await {
                    Ok(Some(renewed)) => version = renewed.into(),
                    // Another node took it over: both make the same bytes.
                    Ok(None) => ours = false,
                    Err(Down) => {}
                }
            }
        }
        if ours {
            let _ = self.ask("cannot remove the claim", &path, PATIENCE, self.objects.delete(&path)).await;
        }
        self.holding.send_modify(|holding| *holding -= 1);
    }

    async fn upload(&self, id: ChunkId, stored: Stored) {
        let path = self.path(&id, "");
        let object = tokio::task::spawn_blocking(move || object_of(&id, &stored)).await;
        let object = match object.unwrap_or_else(|e| Err(io::Error::other(e))) {
            Ok(object) => object,
            Err(e) => {
                let name = path.to_string();
                let error = StoreError { what: "cannot read, for its upload, the chunk", name, cause: e.to_string() };
                tracing::warn!("{error}");
                return;
            }
        };
        let put = self.put("cannot upload the chunk", &path, TRANSFER, object.into(), PutMode::Overwrite);
        if let Ok(Some(_)) = put.await {
            self.state().status.uploaded += 1;
        }
    }
}

/// Header and payload.
fn object_of(id: &ChunkId, stored: &Stored) -> io::Result<Vec<u8>> {
    let length = usize::try_from(stored.len()).map_err(io::Error::other)?;
    let mut object = vec![0; HEADER as usize + length];
    let (head, payload) = object.split_at_mut(HEADER as usize);
    stored.read_at(0, payload)?;
    let mut header = Header::new(id);
    header.update(payload);
    head.copy_from_slice(&header.finish());
    Ok(object)
}

/// A name no other process and no other store has, for people who read claims.
fn node() -> String {
    static STORES: AtomicU64 = AtomicU64::new(0);
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_else(|_| "node".to_owned());
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{}-{}-{since:x}-{}", host.trim(), process::id(), STORES.fetch_add(1, Ordering::Relaxed))
}
