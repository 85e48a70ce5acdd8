//! What a store tells of itself.

use serde::Serialize;

/// What there is to tell about a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StoreStatus {
    /// Chunks kept on this machine.
    pub chunks: u64,
    /// Their bytes, headers included.
    pub bytes: u64,
    /// Bytes there may be.
    pub limit: u64,
    /// Bytes that are not evicted because they are beginnings.
    pub pinned: u64,
    /// Times a chunk was asked for or claimed and was there.
    pub hits: u64,
    /// Chunks that were not there and came: made, or fetched from the object store.
    pub misses: u64,
    /// Chunks taken away to make room.
    pub evicted: u64,
    /// Files that were not what they should be, and were removed.
    pub damaged: u64,
    /// Chunks that were made and could not be kept.
    pub unkept: u64,
    /// What keeps them from being kept, until one is kept again.
    pub trouble: Option<String>,
    /// What there is to tell about the object store behind it, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<RemoteStatus>,
}

/// What there is to tell about an object store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RemoteStatus {
    /// Chunks fetched.
    pub fetched: u64,
    /// Chunks made here and uploaded.
    pub uploaded: u64,
    /// Objects that were not what they should be, and were removed.
    pub damaged: u64,
    /// Requests that failed.
    pub failures: u64,
    /// Why the last one failed, until one succeeds.
    pub trouble: Option<String>,
}
