#![forbid(unsafe_code)]
//! A cache for chunks of long files, which several threads, processes and machines share.
//!
//! It is for programs whose output consists of chunks that are costly to make and are determined by a key, like the mastered
//! version of a track. Each chunk is made once and survives a restart. A cap limits the bytes of all chunks, and the least recently
//! used chunks are evicted. Programs differ in their [`ChunkKind`]: how the files begin, and which chunks are evicted last.
//!
//! ```
//! use crowd_store::{ChunkId, ChunkKind, Claim, DiskStore, Pinning, Store, StoreKey};
//!
//! # let directory = tempfile::tempdir()?;
//! const KIND: ChunkKind = ChunkKind { magic: *b"an-examp", version: 1, pinning: Pinning::FIRST_CHUNKS };
//! let store = DiskStore::open(directory.path(), 1 << 30, KIND)?;
//! let id = ChunkId { key: StoreKey([7; 32]), index: 0 };
//! if let Claim::Granted(mut writer) = store.claim(&id, 5)? {
//!     writer.append(b"bytes")?;
//!     writer.commit()?;
//! }
//! assert_eq!(store.get(&id)?.map(|bytes| bytes.len()), Some(5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Store`] returns complete chunks by their [`ChunkId`], and grants the claim to make a missing chunk. While a chunk is being made, the
//! bytes that are written so far can be read already.
//!
//! # On the disk
//!
//! [`DiskStore`] keeps each chunk in its own file, `<2 hex digits>/<key>/<index>`: a header with the chunk's name and a checksum,
//! then the payload ([`format`](mod@format)). The file is written as `<index>.part`, synced and renamed, so a file with its final
//! name is complete. There is no index file that could be damaged. At the start the index is made from the names and sizes of the
//! files. Their access times give the order of use with a precision of ten minutes.
//!
//! Each time a chunk is read, the version of its file is checked: its inode, its size, and the times of its last write and its last
//! change. No program can set back the time of the last change. The version is compared with the one that the file had when this process
//! verified all of its bytes. When the versions differ, all bytes are verified again. The same happens when the last change is so recent
//! that a further one could have the same time. A damaged file is removed, counted and made again. A reader that has such a file open
//! gets an error.
//!
//! Under the cap the least recently used chunk is evicted first. Pinned chunks, the first chunks for example, stay while others can
//! be evicted. When the pinned chunks exceed their share of the cap, the least recently used of them lose their pin ([`Pinning`]).
//! A chunk that is evicted while it is read can be read to its end.
//!
//! Several processes may share the directory. The lock on `<index>.part` is the right to make the chunk; the system releases it
//! when a process is killed. Each process applies the cap to the chunks that it has in its index: those that existed at its start,
//! and those that it has made or read.
//!
//! When the disk is full, older chunks are evicted first, even below the cap. When that is not enough, or writing to the disk fails
//! for another reason, the chunk that is being made moves to memory. All chunks in memory together may have 64 MiB, and each stays
//! as long as it is read. The reason is logged once, and is in [`StoreStatus::error`] until a chunk is kept again. Chunks that are
//! made before their key is known are in memory too ([`Store::claim_in_memory`]).
//!
//! # In a bucket
//!
//! With the feature `s3`, several nodes share their chunks through a bucket of an S3-compatible object store: each has an
//! `S3Store`. A chunk that one node has made is fetched by the others, which wait while it is being made. So each chunk is made
//! once. When a node ends without finishing a chunk, another node makes the chunk after two seconds. After a request that fails or
//! is slow, no requests are sent for five seconds, and every node makes the chunks that it needs.
//!
//! The bucket has no cap. A lifecycle rule of the bucket has to delete old objects. A deleted chunk is made again, with the same
//! bytes.
//!
//! # Records and folders
//!
//! [`Records`] keeps small values by kind and key, each with a checksum; a [`FileFolder`] keeps small files by name. Both write a
//! file completely or not at all, and remove the leftovers of killed processes. On systems other than Unix only these two exist,
//! because chunks need the file locks of Unix.

#[cfg(unix)]
mod chunk_bytes;
#[cfg(unix)]
mod chunk_files;
mod chunk_kind;
#[cfg(unix)]
mod disk_store;
#[cfg(unix)]
mod disk_writer;
mod error;
mod file_folder;
#[cfg(unix)]
pub mod format;
mod key;
mod leftovers;
#[cfg(unix)]
mod lock;
#[cfg(unix)]
mod lru;
mod records;
#[cfg(all(unix, feature = "s3"))]
pub mod s3;
#[cfg(unix)]
mod scan;
mod status;
#[cfg(unix)]
mod store;

#[cfg(unix)]
pub use chunk_bytes::ChunkBytes;
pub use chunk_kind::{ChunkKind, Pinning};
#[cfg(unix)]
pub use disk_store::DiskStore;
pub use error::StoreError;
pub use file_folder::FileFolder;
pub use key::{ChunkId, StoreKey};
pub use records::Records;
pub use status::{RemoteStatus, StoreStatus};
#[cfg(unix)]
pub use store::{ChunkWriter, Claim, Store};
