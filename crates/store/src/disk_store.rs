//! The chunk store on a disk.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::chunk_bytes::ChunkBytes;
use crate::chunk_files::{ChunkFiles, LocalClaim};
use crate::chunk_kind::ChunkKind;
use crate::disk_writer::DiskChunkWriter;
use crate::error::{self, StoreError};
use crate::key::ChunkId;
use crate::lock;
use crate::scan::scan;
use crate::status::StoreStatus;
use crate::store::{Claim, Store};

/// A chunk that another thread or process makes is to be claimed again after this time.
const RETRY_AFTER: Duration = Duration::from_millis(100);
/// The file of an evicted chunk is removed in this time.
const REMOVED_AFTER: Duration = Duration::from_millis(1);

/// A store of chunks in files of one directory, which other processes may use too.
///
/// A chunk is the file `<2 hex digits>/<key>/<index>` in the [format](mod@crate::format) of chunks. While it is being made, it is
/// the file `<index>.part`, which its writer has locked. The system releases the lock of a process that is killed; the leftover
/// file is removed at the next start or overwritten by the next writer.
#[derive(Clone)]
pub struct DiskStore {
    files: Arc<ChunkFiles>,
}

impl DiskStore {
    /// Opens the store of chunks of `kind` in `directory`, and creates the directory when it is missing. All chunks together may have
    /// `limit` bytes. Existing chunks are listed by their names and sizes. The checksum of a chunk is verified when it is read for the
    /// first time.
    ///
    /// # Errors
    /// [`StoreError`] when the directory cannot be created, read or written.
    pub fn open(directory: &Path, limit: u64, kind: ChunkKind) -> Result<Self, StoreError> {
        let failed = |e: io::Error| error::of_file("cannot open the cache directory", directory, &e);
        fs::create_dir_all(directory).map_err(failed)?;
        rustix::fs::access(directory, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)
            .map_err(|e| failed(e.into()))?;
        let files = ChunkFiles::new(directory, limit, kind);
        for (_, id, bytes) in scan(directory).map_err(failed)? {
            files.add_scanned(id, bytes);
        }
        Ok(Self { files: Arc::new(files) })
    }

    /// The kind of its chunks.
    pub fn kind(&self) -> &ChunkKind {
        &self.files.kind
    }
}

impl Store for DiskStore {
    fn get(&self, id: &ChunkId) -> Result<Option<ChunkBytes>, StoreError> {
        let bytes = self.files.open_checked(id)?;
        self.files.state().counts.hits += u64::from(bytes.is_some());
        Ok(bytes)
    }

    fn has(&self, id: &ChunkId) -> bool {
        let known = self.files.state().lru.contains(id);
        known || self.files.path(id).exists()
    }

    fn claim(&self, id: &ChunkId, most: u64) -> Result<Claim, StoreError> {
        let files = &self.files;
        if files.is_evicting(id) {
            return Ok(Claim::HeldElsewhere(REMOVED_AFTER));
        }
        // No other thread of this process can claim the chunk until `claim` is dropped.
        let Some(claim) = LocalClaim::take(files, id) else { return Ok(Claim::HeldElsewhere(RETRY_AFTER)) };
        loop {
            if let Some(bytes) = files.open_checked(id)? {
                files.state().counts.hits += 1;
                return Ok(Claim::Available(bytes));
            }
            let partial = files.partial_path(id);
            let writer = match lock::create(&partial) {
                Ok(None) => return Ok(Claim::HeldElsewhere(RETRY_AFTER)),
                // The previous writer may have finished after the chunk was looked up and before the lock was taken.
                Ok(Some(_)) if files.path(id).exists() => {
                    let _ = fs::remove_file(&partial);
                    continue;
                }
                Ok(Some(file)) => DiskChunkWriter::in_file(claim, most, file, partial),
                Err(e) => {
                    files.record_failure(&error::of_file("cannot make the chunk file", &partial, &e));
                    DiskChunkWriter::in_memory(claim, most)?
                }
            };
            return Ok(Claim::Granted(Box::new(writer)));
        }
    }

    fn claim_in_memory(&self, id: &ChunkId, most: u64) -> Result<Claim, StoreError> {
        let Some(claim) = LocalClaim::take(&self.files, id) else { return Ok(Claim::HeldElsewhere(RETRY_AFTER)) };
        Ok(match DiskChunkWriter::unkept(claim, most)? {
            Some(writer) => Claim::Granted(Box::new(writer)),
            None => Claim::HeldElsewhere(RETRY_AFTER),
        })
    }

    fn status(&self) -> StoreStatus {
        let state = self.files.state();
        StoreStatus {
            chunks: state.lru.chunks() as u64,
            bytes: state.lru.bytes(),
            limit: state.lru.limit(),
            pinned: state.lru.pinned_bytes(),
            ..state.counts.clone()
        }
    }
}
