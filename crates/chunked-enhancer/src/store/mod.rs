//! Where chunks are kept, and who makes which.
//!
//! A [`Store`] holds complete chunks by their [`ChunkId`] and hands out the right to make a missing one. While a chunk is being
//! made, what is there of it can be read already: it grows in a file on this machine.
//!
//! # On the disk
//!
//! [`DiskStore`](disk::DiskStore) keeps each chunk in a file of its own, `<2 hex digits>/<key of the rendition>/<index>`:
//! a header with the chunk's name and a checksum, then the samples ([`format`](mod@format)). It is written to `<index>.part`,
//! synced and renamed, so a file with its final name is whole. There is no index to be damaged: at a start it is made from names
//! and sizes, and the times of the files say what was used last. The checksum of a chunk is looked at when it is asked for the
//! first time in a process's life. What is not what its name says is removed, counted and made again.
//!
//! Under the cap the chunk that was not used for longest goes first ([`lru`]). First chunks, which listeners wait for, stay
//! while anything else can go, as long as they fit into a quarter of the cap; beyond that the oldest are chunks like any other.
//! A chunk that is read while it is evicted is read to its end.
//!
//! Several processes may share the directory. The lock on `<index>.part` is the right to make the chunk; the system takes it from
//! a process that is killed. Each process keeps the cap for the chunks it knows: those it found at its start, made, or was asked
//! for.
//!
//! When the disk is full, older chunks give way first, even below the cap. When that is not enough, or the disk fails in another
//! way, the chunk in the making moves to memory: all such chunks together may hold 64 MiB, for as long as they are listened
//! to. That is logged once, and told in [`StoreStatus::trouble`] until a chunk is kept again.
//!
//! # In a bucket
//!
//! With the feature `s3`, an `S3Store` puts a bucket of an S3-compatible object store behind the disk of each of several nodes.
//! A chunk that one node made is fetched by the others, and while it is made the others wait for it: each is made once. A
//! node that dies is replaced after two seconds. A bucket that fails or is slow is left alone for five seconds at a time, and
//! every node makes for itself what it needs.
//!
//! The bucket has no cap: let a lifecycle rule of the bucket expire what is old. Nothing is lost that cannot be made again, and
//! a node that finds nothing there makes the same bytes.

pub mod disk;
pub mod format;
pub mod lru;
mod making;
pub mod records;
#[cfg(feature = "s3")]
pub mod s3;
mod shared;

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// Everything that decides about the samples of a rendition, hashed: the track's content, the treatment, the analysis and the
/// versions of all that has a say.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RenditionKey(pub [u8; 32]);

impl fmt::Display for RenditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for RenditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RenditionKey {
    type Err = String;

    /// From 64 small hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, String> {
        let key = blake3::Hash::from_hex(text).map(|hash| Self(hash.into()));
        // One key has one name.
        key.ok()
            .filter(|key| key.to_string() == text)
            .ok_or_else(|| format!("key \"{}\": give 64 small hexadecimal digits", text.escape_debug()))
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

/// Bytes of a chunk, all of them or those that are there so far. They stay readable when the chunk is evicted, until the last
/// clone is dropped.
#[derive(Clone, Debug)]
pub struct Stored {
    file: Arc<File>,
    offset: u64,
    length: u64,
}

impl Stored {
    /// `length` bytes of `file` from `offset` on, which will not change any more.
    pub const fn new(file: Arc<File>, offset: u64, length: u64) -> Self {
        Self { file, offset, length }
    }

    /// How many there are.
    pub const fn len(&self) -> u64 {
        self.length
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Reads from byte `at` on, and says how many were read: fewer than asked for when they end there.
    ///
    /// # Errors
    /// As the system gives them.
    pub fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(at);
        let wanted = usize::try_from(left).map_or(into.len(), |left| left.min(into.len()));
        let mut read = 0;
        while read < wanted {
            match self.file.read_at(&mut into[read..wanted], self.offset + at + read as u64) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }
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

/// What there is to tell about a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
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
