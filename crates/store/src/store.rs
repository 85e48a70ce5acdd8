//! The interface of a chunk store.

use std::time::Duration;

use crate::chunk_bytes::ChunkBytes;
use crate::error::StoreError;
use crate::key::ChunkId;
use crate::status::StoreStatus;

/// A store of chunks. All calls may block.
pub trait Store: Send + Sync {
    /// A complete chunk, with its checksum verified. It becomes the most recently used one.
    ///
    /// # Errors
    /// [`StoreError`]. A damaged chunk is no error: it is removed and counted, and the result is `None`.
    fn get(&self, id: &ChunkId) -> Result<Option<ChunkBytes>, StoreError>;

    /// Whether a chunk is on this machine. It is neither opened nor verified, and does not count as used.
    fn has(&self, id: &ChunkId) -> bool;

    /// Claims a chunk of at most `most` bytes: returns the chunk, the right to make it, or how long to wait.
    ///
    /// # Errors
    /// [`StoreError`].
    fn claim(&self, id: &ChunkId, most: u64) -> Result<Claim, StoreError>;

    /// Claims a chunk that is not to be kept. The claim holds only among the threads of this process. The chunk is in memory as long as
    /// it is read. When there is no room for it, the result is [`Claim::HeldElsewhere`].
    ///
    /// # Errors
    /// [`StoreError`] when the system has no memory.
    fn claim_in_memory(&self, id: &ChunkId, most: u64) -> Result<Claim, StoreError>;

    /// The contents of the store, and its counters.
    fn status(&self) -> StoreStatus;
}

/// The result of a claim.
pub enum Claim {
    /// The chunk is complete already.
    Available(ChunkBytes),
    /// The caller makes the chunk. It cannot be claimed again until the writer is committed or dropped.
    Granted(Box<dyn ChunkWriter>),
    /// The chunk is made by another thread, process or node. It is to be claimed again after this time at the latest.
    HeldElsewhere(Duration),
}

/// Writes a chunk that is being made. When it is dropped without a commit, no bytes stay and the chunk can be claimed again.
pub trait ChunkWriter: Send {
    /// Appends bytes. When the disk is full, the chunk moves to memory, so that its readers can read it to its end.
    ///
    /// # Errors
    /// [`StoreError`] when there is no room in memory either.
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError>;

    /// The bytes that have been appended so far. The result does not grow with the next [`append`](Self::append). That call may move
    /// the chunk to another file.
    fn written(&self) -> ChunkBytes;

    /// Completes the chunk: syncs it and renames it to its final name. When that fails, because the disk is full for example, the
    /// returned bytes are complete and readable, but the store does not have the chunk. This is logged and
    /// [counted](StoreStatus::unkept).
    ///
    /// # Errors
    /// [`StoreError`] when it is not known whether the chunk is complete.
    fn commit(self: Box<Self>) -> Result<ChunkBytes, StoreError>;
}
