#![forbid(unsafe_code)]
//! Chunks of long files: where they are kept, and which thread, process or machine makes which.
//!
//! A program whose output is cut into chunks that are costly to make and that follow from a key alone (the mastered version of
//! a track, the segments of a broadcast) keeps them here: each is made once, found again after a restart, and evicted under a
//! cap. What differs between programs is the [`Kind`] of their chunks: how the files begin, and which are kept longest.
//!
//! ```
//! use crowd_store::{ChunkId, Claim, DiskStore, Key, Kind, Pinning, Store};
//!
//! # let directory = tempfile::tempdir()?;
//! const KIND: Kind = Kind { magic: *b"an-examp", version: 1, pinning: Pinning::FIRST_CHUNKS };
//! let store = DiskStore::open(directory.path(), 1 << 30, KIND)?;
//! let id = ChunkId { key: Key([7; 32]), index: 0 };
//! if let Claim::Mine(mut making) = store.claim(&id, 5)? {
//!     making.append(b"bytes")?;
//!     making.commit()?;
//! }
//! assert_eq!(store.get(&id)?.map(|stored| stored.len()), Some(5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Store`] holds complete chunks by their [`ChunkId`] and hands out the right to make a missing one. While a chunk is being
//! made, what is there of it can be read already: it grows in a file on this machine.
//!
//! # On the disk
//!
//! [`DiskStore`] keeps each chunk in a file of its own, `<2 hex digits>/<key>/<index>`: a header with the chunk's name and a
//! checksum, then the payload ([`format`](mod@format)). It is written to `<index>.part`, synced and renamed, so a file with its
//! final name is whole. There is no index to be damaged: at a start it is made from names and sizes, and the times of the files
//! say what was used last, to ten minutes. Each time a chunk is asked for, its file is compared with what it was when all its
//! bytes were checked last in this process: its inode, its size, and the times of its last writing and its last change, which no
//! program can set back. Where anything is another, or the change is so recent that a second one could have the same time, all
//! bytes are checked again. What is not what its name says is removed, counted and made again; a reader that has such a file open
//! gets an error.
//!
//! Under the cap the least recently used chunk is evicted first. Pinned ones, first chunks for instance, stay while anything
//! else can be evicted, as long as they fit into their share of the cap; beyond it the oldest are chunks like any other
//! ([`Pinning`]). A chunk that is read while it is evicted is read to its end.
//!
//! Several processes may share the directory. The lock on `<index>.part` is the right to make the chunk; the system takes it from
//! a process that is killed. Each process keeps the cap for the chunks it knows: those it found at its start, made, or was asked
//! for.
//!
//! When the disk is full, older chunks give way first, even below the cap. When that is not enough, or the disk fails in another
//! way, the chunk in the making moves to memory: all such chunks together may hold 64 MiB, for as long as they are read. That is
//! logged once, and told in [`StoreStatus::trouble`] until a chunk is kept again. There too lies what is made before its name is
//! known ([`Store::claim_in_memory`]).
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
//!
//! # Beside the chunks
//!
//! [`Records`] keeps small values by kind and key with a checksum each; a [`Folder`] keeps small files by name. Both write a file
//! whole or not at all, and remove what killed processes left half written. They are all there is where the system is not a Unix:
//! chunks need its locks.

#[cfg(unix)]
mod disk;
mod error;
mod folder;
#[cfg(unix)]
pub mod format;
mod key;
mod kind;
mod leftovers;
#[cfg(unix)]
mod lock;
#[cfg(unix)]
mod lru;
#[cfg(unix)]
mod making;
mod records;
#[cfg(all(unix, feature = "s3"))]
pub mod s3;
#[cfg(unix)]
mod scan;
#[cfg(unix)]
mod shared;
mod status;
#[cfg(unix)]
mod store;
#[cfg(unix)]
mod stored;

#[cfg(unix)]
pub use disk::DiskStore;
pub use error::StoreError;
pub use folder::Folder;
pub use key::{ChunkId, Key};
pub use kind::{Kind, Pinning};
pub use records::Records;
pub use status::{RemoteStatus, StoreStatus};
#[cfg(unix)]
pub use store::{Claim, Making, Store};
#[cfg(unix)]
pub use stored::Stored;
