//! Chunks in files of one directory.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{self, StoreError};
use crate::key::ChunkId;
use crate::kind::Kind;
use crate::lock;
use crate::making::DiskMaking;
use crate::scan::scan;
use crate::shared::{Inner, Turn};
use crate::status::StoreStatus;
use crate::store::{Claim, Store};
use crate::stored::Stored;

/// When to ask again for a chunk that another thread or process makes.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// Chunks in files of one directory, which other processes may use too.
///
/// A chunk is the file `<2 hex digits>/<key>/<index>`; [`format`](mod@crate::format) says what is in it. While it is made it is
/// `<index>.part`, locked by its maker: a maker that is killed leaves no lock, and what it leaves of the file is removed at the
/// next start or overwritten by the next maker.
#[derive(Clone)]
pub struct DiskStore {
    inner: Arc<Inner>,
}

impl DiskStore {
    /// The store of chunks of `kind` in `directory`, which is made when it is missing, under a cap of `limit` bytes. What is
    /// there is found by names and sizes; a chunk's checksum is checked when it is asked for the first time.
    ///
    /// # Errors
    /// [`StoreError`] when the directory cannot be made, read or written.
    pub fn open(directory: &Path, limit: u64, kind: Kind) -> Result<Self, StoreError> {
        let failed = |e: io::Error| error::of_file("cannot open the cache directory", directory, &e);
        fs::create_dir_all(directory).map_err(failed)?;
        rustix::fs::access(directory, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)
            .map_err(|e| failed(e.into()))?;
        let inner = Inner::new(directory, limit, kind);
        for (_, id, bytes) in scan(directory).map_err(failed)? {
            inner.found(id, bytes);
        }
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What its chunks are.
    pub fn kind(&self) -> &Kind {
        &self.inner.kind
    }
}

impl Store for DiskStore {
    fn get(&self, id: &ChunkId) -> Result<Option<Stored>, StoreError> {
        let found = self.inner.find(id)?;
        self.inner.state().counts.hits += u64::from(found.is_some());
        Ok(found)
    }

    fn has(&self, id: &ChunkId) -> bool {
        let known = self.inner.state().lru.contains(id);
        known || self.inner.path(id).exists()
    }

    fn claim(&self, id: &ChunkId, most: u64) -> Result<Claim, StoreError> {
        let inner = &self.inner;
        // From here on no other thread of this process looks for it, until `Turn` is dropped.
        let Some(turn) = Turn::take(inner, id) else { return Ok(Claim::Theirs(ASK_AGAIN)) };
        loop {
            if let Some(stored) = inner.find(id)? {
                inner.state().counts.hits += 1;
                return Ok(Claim::Done(stored));
            }
            let part = inner.part(id);
            let making = match lock::create(&part) {
                Ok(None) => return Ok(Claim::Theirs(ASK_AGAIN)),
                // Its last maker may have finished between the look and the lock.
                Ok(Some(_)) if inner.path(id).exists() => {
                    let _ = fs::remove_file(&part);
                    continue;
                }
                Ok(Some(file)) => DiskMaking::in_file(turn, most, file, part),
                Err(e) => {
                    inner.in_trouble(&error::of_file("cannot make the chunk file", &part, &e));
                    DiskMaking::in_memory(turn, most)?
                }
            };
            return Ok(Claim::Mine(Box::new(making)));
        }
    }

    fn claim_in_memory(&self, id: &ChunkId, most: u64) -> Result<Claim, StoreError> {
        let Some(turn) = Turn::take(&self.inner, id) else { return Ok(Claim::Theirs(ASK_AGAIN)) };
        Ok(match DiskMaking::not_to_be_kept(turn, most)? {
            Some(making) => Claim::Mine(Box::new(making)),
            None => Claim::Theirs(ASK_AGAIN),
        })
    }

    fn status(&self) -> StoreStatus {
        let state = self.inner.state();
        StoreStatus {
            chunks: state.lru.chunks() as u64,
            bytes: state.lru.bytes(),
            limit: state.lru.limit(),
            pinned: state.lru.pinned_bytes(),
            ..state.counts.clone()
        }
    }
}
