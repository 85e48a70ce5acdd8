//! What every store of chunks does, wherever it keeps them.

use std::time::Duration;

use crate::error::StoreError;
use crate::key::ChunkId;
use crate::status::StoreStatus;
use crate::stored::Stored;

/// Keeps chunks. All calls block, and are made from threads that may.
pub trait Store: Send + Sync {
    /// A complete chunk, checked, which now counts as used last.
    ///
    /// # Errors
    /// [`StoreError`]. A damaged chunk is no error: it is removed, counted and not there.
    fn get(&self, id: &ChunkId) -> Result<Option<Stored>, StoreError>;

    /// Whether it can be had on this machine without being made: not opened, not checked and not counted as used.
    fn has(&self, id: &ChunkId) -> bool;

    /// The right to make a chunk of at most `most` bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    fn claim(&self, id: &ChunkId, most: u64) -> Result<Claim, StoreError>;

    /// The right of a thread of this process to make a chunk that is not to be kept: it lies in memory, for as long as it is read.
    /// When there is no room for it, that is to be asked for again, as if it were made elsewhere.
    ///
    /// # Errors
    /// [`StoreError`] when the system gives no memory.
    fn claim_in_memory(&self, id: &ChunkId, most: u64) -> Result<Claim, StoreError>;

    /// What it holds.
    fn status(&self) -> StoreStatus;
}

/// Who makes a chunk.
pub enum Claim {
    /// It is there.
    Done(Stored),
    /// The caller: nobody else does until it is committed or dropped.
    Mine(Box<dyn Making>),
    /// Somebody else does: ask again after this time at the latest.
    Theirs(Duration),
}

/// A chunk that is being made. Dropped without a commit, it leaves nothing behind and the chunk can be claimed again.
pub trait Making: Send {
    /// Appends bytes. When the disk takes no more, what is there and all that follows moves to memory, so that whoever listens
    /// hears the chunk to its end.
    ///
    /// # Errors
    /// [`StoreError`] when there is no room in memory either.
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError>;

    /// What has been appended so far. Ask again after each [`append`](Self::append): it does not grow, and what comes later may
    /// lie elsewhere.
    fn so_far(&self) -> Stored;

    /// Puts the whole chunk in its place: synced, under its final name. When that cannot be done, because the disk is full, say,
    /// the chunk is whole and readable all the same, but will not be found again: that is logged and
    /// [counted](StoreStatus::unkept).
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be told what became of it.
    fn commit(self: Box<Self>) -> Result<Stored, StoreError>;
}
