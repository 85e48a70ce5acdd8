//! Where chunks are kept, and who makes which.
//!
//! A [`Store`] holds complete chunks by their [`ChunkId`] and hands out the right to make a missing one. While a chunk is being
//! made, what is there of it can be read already: it grows in a file on this machine.

use std::fmt;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

/// Everything that decides about the samples of a rendition, hashed: the track's content, the treatment, the analysis and the
/// versions of all that has a say.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RenditionKey(pub [u8; 32]);

impl fmt::Display for RenditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RenditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One chunk of one rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChunkId {
    /// Whose chunk.
    pub rendition: RenditionKey,
    /// Which one, from 0.
    pub index: u32,
}

/// The bytes of a complete chunk: `length` of them in `file`, from `offset` on. The file stays readable when the chunk is
/// evicted.
#[derive(Clone, Debug)]
pub struct Stored {
    /// To be read with positioned reads only: it is shared.
    pub file: Arc<File>,
    /// Where the first byte is.
    pub offset: u64,
    /// How many there are.
    pub length: u64,
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
    /// The file it grows in, to be read with positioned reads while it grows, and where its first byte is.
    fn reader(&self) -> (Arc<File>, u64);

    /// Appends bytes.
    ///
    /// # Errors
    /// [`StoreError`]: a full disk, mostly.
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError>;

    /// Puts the whole chunk in its place: synced, checked, under its final name.
    ///
    /// # Errors
    /// [`StoreError`]; what was read of it stays right, but it is not kept.
    fn commit(self: Box<Self>) -> Result<Stored, StoreError>;
}

/// What there is to tell about a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct StoreStatus {
    /// Chunks kept on this machine.
    pub chunks: u64,
    /// Their bytes, headers included.
    pub bytes: u64,
    /// Bytes there may be.
    pub limit: u64,
    /// Bytes that are not evicted because they are beginnings.
    pub pinned: u64,
    /// Chunks found when asked for.
    pub hits: u64,
    /// Chunks not found when asked for.
    pub misses: u64,
    /// Chunks taken away to make room.
    pub evicted: u64,
    /// Files that were not what they should be, and were removed.
    pub damaged: u64,
}

/// Keeps chunks. All calls block, and are made from threads that may.
pub trait Store: Send + Sync {
    /// A complete chunk, checked, which now counts as used last.
    ///
    /// # Errors
    /// [`StoreError`]. A damaged chunk is no error: it is removed, counted and not there.
    fn get(&self, id: &ChunkId) -> Result<Option<Stored>, StoreError>;

    /// The right to make a chunk of `length` bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    fn claim(&self, id: &ChunkId, length: u64) -> Result<Claim, StoreError>;

    /// What it holds.
    fn status(&self) -> StoreStatus;
}

/// Why a chunk could not be kept or read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what} {name}: {cause}")]
pub struct StoreError {
    /// What was tried: "cannot write the chunk".
    pub what: &'static str,
    /// The file or object.
    pub name: String,
    /// The system's or the server's words.
    pub cause: String,
}
