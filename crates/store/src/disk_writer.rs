//! The writer of a chunk on the disk of this machine.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use crowd_media::FileVersion;
use rustix::fs::FlockOperation;

use crate::chunk_bytes::ChunkBytes;
use crate::chunk_files::LocalClaim;
use crate::error::{StoreError, of_file};
use crate::format::{ChunkHeader, HEADER};
use crate::lock;
use crate::store::ChunkWriter;

/// Writes a chunk to a locked partial file, or to memory when the disk cannot be written.
pub struct DiskChunkWriter {
    claim: LocalClaim,
    /// The most bytes that the payload may have.
    most: u64,
    /// Whether the store keeps the chunk.
    keep: bool,
    header: ChunkHeader,
    file: Arc<File>,
    /// The path of the partial file; `None` for a chunk in memory.
    partial: Option<PathBuf>,
    /// The position of the first byte of the payload.
    offset: u64,
    appended: u64,
}

impl DiskChunkWriter {
    /// A writer to `file`, which is empty, locked and at the path `partial`. Other chunks are evicted to make room.
    pub fn in_file(claim: LocalClaim, most: u64, file: File, partial: PathBuf) -> Self {
        claim.files.reserve(HEADER + most);
        let header = ChunkHeader::new(&claim.files.kind, &claim.id);
        Self {
            claim,
            most,
            keep: true,
            header,
            file: Arc::new(file),
            partial: Some(partial),
            offset: HEADER,
            appended: 0,
        }
    }

    /// A writer to memory, because the disk cannot be written.
    pub fn in_memory(claim: LocalClaim, most: u64) -> Result<Self, StoreError> {
        let file = claim.files.memory_file_or_error(&claim.id, most)?;
        Ok(Self::new_in_memory(claim, most, true, file))
    }

    /// A writer to memory, of a chunk that the store does not keep; `None` when there is no room.
    pub fn unkept(claim: LocalClaim, most: u64) -> Result<Option<Self>, StoreError> {
        let file = claim.files.memory_file(&claim.id, most)?;
        Ok(file.map(|file| Self::new_in_memory(claim, most, false, file)))
    }

    fn new_in_memory(claim: LocalClaim, most: u64, keep: bool, file: Arc<File>) -> Self {
        let header = ChunkHeader::new(&claim.files.kind, &claim.id);
        Self { claim, most, keep, header, file, partial: None, offset: 0, appended: 0 }
    }

    /// Writes bytes. When the disk is full, older chunks are evicted and the bytes are written again.
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let write = || self.file.write_all_at(bytes, self.offset + self.appended);
        write().or_else(|e| {
            let full = matches!(e.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
            if full && self.claim.files.make_room(HEADER + self.most) { write() } else { Err(e) }
        })
    }

    /// Moves the chunk to memory.
    fn move_to_memory(&mut self) -> Result<(), StoreError> {
        let memory = self.claim.files.memory_file_or_error(&self.claim.id, self.most)?;
        let (on_disk, mut block) = (self.written(), vec![0; 1 << 18]);
        let mut at = 0;
        while at < self.appended {
            let copied = on_disk.read_at(at, &mut block).and_then(|read| {
                memory.write_all_at(&block[..read], at)?;
                Ok(read as u64)
            });
            at += copied
                .map_err(|e| of_file("cannot read the chunk file", &self.claim.files.path(&self.claim.id), &e))?;
        }
        self.remove_partial();
        (self.file, self.offset) = (memory, 0);
        Ok(())
    }

    /// Removes the partial file, and releases the lock and the reserved room. Readers that have the file open can still read it.
    fn remove_partial(&mut self) {
        if let Some(partial) = self.partial.take() {
            let _ = fs::remove_file(&partial);
            // This succeeds only when the directory is empty.
            let _ = partial.parent().map(fs::remove_dir);
            self.unlock();
        }
    }

    /// Releases the reserved room and the lock, which would otherwise stay as long as readers have the file open.
    fn unlock(&self) {
        let _ = rustix::fs::flock(&self.file, FlockOperation::Unlock);
        self.claim.files.state().lru.release(HEADER + self.most);
    }

    /// Writes the header and renames the file to its final name. Returns the version of the file.
    fn publish(&mut self) -> Result<FileVersion, StoreError> {
        let files = Arc::clone(&self.claim.files);
        let path = files.path(&self.claim.id);
        let Some(partial) = self.partial.as_ref() else {
            return Err(StoreError {
                what: "cannot keep the chunk",
                name: path.display().to_string(),
                cause: "the disk could not be written while it was made".to_owned(),
            });
        };
        let (bytes, limit) = (HEADER + self.appended, files.state().lru.limit());
        if bytes > limit {
            return Err(StoreError {
                what: "cannot keep the chunk",
                name: path.display().to_string(),
                cause: format!("it has {bytes} bytes, and the cache may have {limit}: set a larger cache size"),
            });
        }
        let done = self
            .file
            .write_all_at(&self.header.clone().finish(), 0)
            .and_then(|()| self.file.sync_all())
            .and_then(|()| fs::rename(partial, &path))
            .and_then(|()| lock::sync(path.parent()));
        let version = done.and_then(|()| FileVersion::of(&self.file));
        let version = version.map_err(|e| of_file("cannot write the chunk file", &path, &e))?;
        self.partial = None;
        self.unlock();
        files.record_use(self.claim.id, bytes);
        Ok(version)
    }
}

impl ChunkWriter for DiskChunkWriter {
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        if bytes.len() as u64 > self.most - self.appended {
            return Err(self.too_many_bytes(self.appended + bytes.len() as u64));
        }
        if let Err(e) = self.write(bytes) {
            let path = self.claim.files.path(&self.claim.id);
            let failed = of_file("cannot write the chunk file", &path, &e);
            if self.partial.is_none() {
                return Err(failed);
            }
            self.claim.files.record_failure(&failed);
            self.move_to_memory()?;
            self.write(bytes).map_err(|e| of_file("cannot write to memory the chunk", &path, &e))?;
        }
        self.header.update(bytes);
        self.appended += bytes.len() as u64;
        Ok(())
    }

    fn written(&self) -> ChunkBytes {
        ChunkBytes::new(Arc::clone(&self.file), self.offset, self.appended)
    }

    fn commit(mut self: Box<Self>) -> Result<ChunkBytes, StoreError> {
        self.claim.files.state().counts.misses += 1;
        if !self.keep {
            return Ok(self.written());
        }
        match self.publish() {
            Ok(version) => {
                self.claim.files.record_kept();
                return Ok(ChunkBytes::verified(Arc::clone(&self.file), self.offset, self.appended, version));
            }
            Err(e) => {
                self.claim.files.state().counts.unkept += 1;
                // For a chunk in memory the reason has been logged already.
                if self.partial.is_some() {
                    self.claim.files.record_failure(&e);
                }
            }
        }
        Ok(self.written())
    }
}

impl DiskChunkWriter {
    fn too_many_bytes(&self, appended: u64) -> StoreError {
        StoreError {
            what: "cannot make the chunk",
            name: self.claim.files.path(&self.claim.id).display().to_string(),
            cause: format!("{} bytes were claimed and {appended} made: claim more", self.most),
        }
    }
}

impl Drop for DiskChunkWriter {
    fn drop(&mut self) {
        self.remove_partial();
    }
}
