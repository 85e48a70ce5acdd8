//! Small named objects in a bucket, for programs that agree through it.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{Attribute, Attributes, Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, UpdateVersion};
use tokio::runtime::{Builder, Runtime};

use super::limits::{LARGEST, REQUEST_TIMEOUT, TRANSFER_TIMEOUT};
use super::settings;
use crate::error::StoreError;

/// The bytes that are sent and received in a second at least.
const SLOWEST: u64 = 64 << 10;

/// Named objects below the prefix of a bucket. Each call sends one request and waits for its end: 2 s, and longer for large objects, 10 s at
/// most. It must not be called from a thread of a tokio runtime.
pub struct Objects {
    bucket: AmazonS3,
    prefix: Path,
    url: String,
    runtime: Runtime,
}

/// The version of an object: its entity tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectVersion(String);

/// An object that was read.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its version; `None` when the server does not tell it.
    pub version: Option<ObjectVersion>,
    /// When it was put, by the clock of the server: the time after 1970-01-01T00:00:00 UTC, in whole seconds.
    pub modified: Duration,
}

/// When an object is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutIf {
    /// Whatever is there.
    Always,
    /// Only when there is no object of this name (`If-None-Match: *`).
    Absent,
    /// Only when the object has this version (`If-Match`).
    Unchanged(ObjectVersion),
}

/// The headers with which an object is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectHeaders {
    /// `Content-Type`.
    pub media_type: &'static str,
    /// `Cache-Control`.
    pub cache: &'static str,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Objects {
    /// The objects in the bucket and below the prefix of `url`, `s3://bucket/prefix`. Credentials, region and endpoint come from the usual
    /// variables (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL`...). No request is sent yet.
    ///
    /// # Errors
    /// [`StoreError`] when the URL names no bucket, the settings contradict each other, or there are no credentials. Without
    /// them requests would be sent to the metadata service of a cloud, which elsewhere does not answer.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        settings::require_credentials(url)?;
        let (bucket, prefix) = settings::open(url, None)?;
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("bucket").enable_all().build();
        let runtime = runtime.map_err(|error| settings::unusable(url, error.to_string()))?;
        Ok(Self { bucket, prefix, url: url.to_owned(), runtime })
    }

    /// The URL of the bucket and the prefix.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The object with this name, which may have folders: `folder/name`. `None` when there is none.
    ///
    /// # Errors
    /// When the bucket does not answer within 10 s, or refuses the request.
    pub fn get(&self, name: &str) -> Result<Option<Object>, StoreError> {
        const WHAT: &str = "cannot read";
        let path = self.path(name);
        let object = match self.wait(WHAT, name, REQUEST_TIMEOUT, self.bucket.get(&path)) {
            Err(Failure::Error(Error::NotFound { .. })) => return Ok(None),
            result => result.map_err(|failure| self.failed(WHAT, name, failure))?,
        };
        let size = object.meta.size;
        if size > LARGEST {
            let cause = format!("it has {size} bytes, which is too large");
            return Err(StoreError { what: WHAT, name: self.full_name(name), cause });
        }
        let version = object.meta.e_tag.clone().map(ObjectVersion);
        let modified = Duration::from_secs(object.meta.last_modified.timestamp().try_into().unwrap_or(0));
        let bytes = self.wait(WHAT, name, transfer_limit(size), object.bytes());
        let bytes = bytes.map_err(|failure| self.failed(WHAT, name, failure))?.to_vec();
        Ok(Some(Object { bytes, version, modified }))
    }

    /// Puts an object. Returns whether the condition was met and the object is there now. When a response is lost and the request is sent
    /// again, the condition may not be met by the object itself: compare its bytes.
    ///
    /// # Errors
    /// When the bucket does not answer within 10 s, or refuses the request.
    pub fn put(&self, name: &str, bytes: &[u8], headers: ObjectHeaders, condition: PutIf) -> Result<bool, StoreError> {
        const WHAT: &str = "cannot write";
        let mode = match condition {
            PutIf::Always => PutMode::Overwrite,
            PutIf::Absent => PutMode::Create,
            PutIf::Unchanged(ObjectVersion(tag)) => PutMode::Update(UpdateVersion { e_tag: Some(tag), version: None }),
        };
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, headers.media_type.into());
        attributes.insert(Attribute::CacheControl, headers.cache.into());
        let options = PutOptions { mode, attributes, ..PutOptions::default() };
        let path = self.path(name);
        let put = self.bucket.put_opts(&path, bytes.to_vec().into(), options);
        match self.wait(WHAT, name, transfer_limit(bytes.len() as u64), put) {
            Ok(_) => Ok(true),
            Err(Failure::Error(Error::AlreadyExists { .. } | Error::Precondition { .. })) => Ok(false),
            Err(failure) => Err(self.failed(WHAT, name, failure)),
        }
    }

    /// Deletes an object. It may be missing.
    ///
    /// # Errors
    /// When the bucket does not answer within 2 s, or refuses the request.
    pub fn delete(&self, name: &str) -> Result<(), StoreError> {
        const WHAT: &str = "cannot delete";
        let path = self.path(name);
        match self.wait(WHAT, name, REQUEST_TIMEOUT, self.bucket.delete(&path)) {
            Ok(()) | Err(Failure::Error(Error::NotFound { .. })) => Ok(()),
            Err(failure) => Err(self.failed(WHAT, name, failure)),
        }
    }

    /// The names of the objects in a folder, without the folder.
    ///
    /// # Errors
    /// When the bucket does not answer within 10 s, or refuses the request.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        const WHAT: &str = "cannot list";
        let path = self.path(folder);
        let listed = self.wait(WHAT, folder, TRANSFER_TIMEOUT, self.bucket.list_with_delimiter(Some(&path)));
        let listed = listed.map_err(|failure| self.failed(WHAT, folder, failure))?;
        let names = listed.objects.iter().filter_map(|object| object.location.filename());
        Ok(names.map(str::to_owned).collect())
    }

    fn path(&self, name: &str) -> Path {
        name.split('/').fold(self.prefix.clone(), |path, part| path.join(part))
    }

    fn wait<T>(
        &self,
        what: &str,
        name: &str,
        limit: Duration,
        request: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, Failure> {
        let result = self.runtime.block_on(async { tokio::time::timeout(limit, request).await });
        tracing::trace!("{what} {name}: {}", result.as_ref().is_ok_and(Result::is_ok));
        match result {
            Ok(result) => result.map_err(Failure::Error),
            Err(_) => Err(Failure::NoAnswer(limit)),
        }
    }

    fn failed(&self, what: &'static str, name: &str, failure: Failure) -> StoreError {
        let cause = match failure {
            Failure::Error(error) => error.to_string(),
            Failure::NoAnswer(limit) => format!("no response within {} s", limit.as_secs()),
        };
        StoreError { what, name: self.full_name(name), cause }
    }

    fn full_name(&self, name: &str) -> String {
        format!("{}/{name}", self.url.trim_end_matches('/'))
    }
}

/// How long the transfer of this number of bytes may take.
fn transfer_limit(bytes: u64) -> Duration {
    (REQUEST_TIMEOUT + Duration::from_secs(bytes / SLOWEST)).min(TRANSFER_TIMEOUT)
}

/// Why a request has no result.
enum Failure {
    Error(Error),
    NoAnswer(Duration),
}
