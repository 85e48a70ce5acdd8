//! The status of a store.

use serde::Serialize;

/// The contents of a store, and its counters since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StoreStatus {
    /// The chunks on this machine.
    pub chunks: u64,
    /// The bytes of these chunks, headers included.
    pub bytes: u64,
    /// The cap, in bytes.
    pub limit: u64,
    /// The bytes of pinned chunks.
    pub pinned: u64,
    /// How often a chunk that was read or claimed was on this machine.
    pub hits: u64,
    /// Chunks that were not on this machine and were made or fetched.
    pub misses: u64,
    /// Evicted chunks.
    pub evicted: u64,
    /// Damaged files, which were removed.
    pub damaged: u64,
    /// Chunks that were made and could not be kept.
    pub unkept: u64,
    /// The reason why chunks cannot be kept. It is cleared when a chunk is kept again.
    #[serde(rename = "trouble")]
    pub error: Option<String>,
    /// The status of the object store, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<RemoteStatus>,
}

/// The counters of an object store since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RemoteStatus {
    /// Chunks that were fetched.
    pub fetched: u64,
    /// Chunks that this node made and uploaded.
    pub uploaded: u64,
    /// Damaged objects, which were removed.
    pub damaged: u64,
    /// Requests that failed.
    pub failures: u64,
    /// The reason why the last request failed. It is cleared when a request succeeds.
    #[serde(rename = "trouble")]
    pub error: Option<String>,
}
