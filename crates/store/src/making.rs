//! A chunk in the making, on the disk of this machine.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use crowd_media::FileVersion;
use rustix::fs::FlockOperation;

use crate::error::{StoreError, of_file};
use crate::format::{HEADER, Header};
use crate::lock;
use crate::shared::Turn;
use crate::store::Making;
use crate::stored::Stored;

/// A chunk that grows in a locked file under a temporary name, or in memory when the disk takes no more.
pub struct DiskMaking {
    turn: Turn,
    /// Bytes it may have.
    most: u64,
    /// Whether it is to be found again.
    keep: bool,
    header: Header,
    file: Arc<File>,
    /// The temporary name, unless it is in memory.
    part: Option<PathBuf>,
    /// Where the first byte is.
    offset: u64,
    appended: u64,
}

impl DiskMaking {
    /// In `file`, which is empty and locked and is called `part`. Makes room for it.
    pub fn in_file(turn: Turn, most: u64, file: File, part: PathBuf) -> Self {
        turn.inner.reserve(HEADER + most);
        let header = Header::new(&turn.inner.kind, &turn.id);
        Self { turn, most, keep: true, header, file: Arc::new(file), part: Some(part), offset: HEADER, appended: 0 }
    }

    /// In memory, because the disk takes nothing.
    pub fn in_memory(turn: Turn, most: u64) -> Result<Self, StoreError> {
        let file = turn.inner.memory_instead(&turn.id, most)?;
        Ok(Self::at_first(turn, most, true, file))
    }

    /// In memory, where nobody finds it again; none when there is no room.
    pub fn not_to_be_kept(turn: Turn, most: u64) -> Result<Option<Self>, StoreError> {
        let file = turn.inner.memory(&turn.id, most)?;
        Ok(file.map(|file| Self::at_first(turn, most, false, file)))
    }

    fn at_first(turn: Turn, most: u64, keep: bool, file: Arc<File>) -> Self {
        let header = Header::new(&turn.inner.kind, &turn.id);
        Self { turn, most, keep, header, file, part: None, offset: 0, appended: 0 }
    }

    /// Writes, and when the disk is full once more after older chunks have given way.
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let write = || self.file.write_all_at(bytes, self.offset + self.appended);
        write().or_else(|e| {
            let full = matches!(e.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
            if full && self.turn.inner.give_way(HEADER + self.most) { write() } else { Err(e) }
        })
    }

    /// Goes on in memory.
    fn leave_disk(&mut self) -> Result<(), StoreError> {
        let memory = self.turn.inner.memory_instead(&self.turn.id, self.most)?;
        let (there, mut block) = (self.so_far(), vec![0; 1 << 18]);
        let mut at = 0;
        while at < self.appended {
            let copied = there.read_at(at, &mut block).and_then(|read| {
                memory.write_all_at(&block[..read], at)?;
                Ok(read as u64)
            });
            at +=
                copied.map_err(|e| of_file("cannot read the chunk file", &self.turn.inner.path(&self.turn.id), &e))?;
        }
        self.leave_name();
        (self.file, self.offset) = (memory, 0);
        Ok(())
    }

    /// Removes the temporary name, and releases the lock and the room kept. Readers of the file go on.
    fn leave_name(&mut self) {
        if let Some(part) = self.part.take() {
            let _ = fs::remove_file(&part);
            // Succeeds only when it is empty.
            let _ = part.parent().map(fs::remove_dir);
            self.unlock();
        }
    }

    /// Readers hold the file open, and with it the lock would stay.
    fn unlock(&self) {
        let _ = rustix::fs::flock(&self.file, FlockOperation::Unlock);
        self.turn.inner.state().lru.release(HEADER + self.most);
    }

    /// Puts it under its final name, and says what its file is then.
    fn put_in_place(&mut self) -> Result<FileVersion, StoreError> {
        let inner = Arc::clone(&self.turn.inner);
        let path = inner.path(&self.turn.id);
        let Some(part) = self.part.as_ref() else {
            return Err(StoreError {
                what: "cannot keep the chunk",
                name: path.display().to_string(),
                cause: "the disk took nothing while it was made".to_owned(),
            });
        };
        let (bytes, limit) = (HEADER + self.appended, inner.state().lru.limit());
        if bytes > limit {
            return Err(StoreError {
                what: "cannot keep the chunk",
                name: path.display().to_string(),
                cause: format!("it has {bytes} bytes, and the cache may have {limit}: allow it more"),
            });
        }
        let done = self
            .file
            .write_all_at(&self.header.clone().finish(), 0)
            .and_then(|()| self.file.sync_all())
            .and_then(|()| fs::rename(part, &path))
            .and_then(|()| lock::sync(path.parent()));
        let version = done.and_then(|()| FileVersion::of(&self.file));
        let version = version.map_err(|e| of_file("cannot write the chunk file", &path, &e))?;
        self.part = None;
        self.unlock();
        inner.used(self.turn.id, bytes);
        Ok(version)
    }
}

impl Making for DiskMaking {
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        if bytes.len() as u64 > self.most - self.appended {
            return Err(self.miscounted(self.appended + bytes.len() as u64));
        }
        if let Err(e) = self.write(bytes) {
            let path = self.turn.inner.path(&self.turn.id);
            let failed = of_file("cannot write the chunk file", &path, &e);
            if self.part.is_none() {
                return Err(failed);
            }
            self.turn.inner.in_trouble(&failed);
            self.leave_disk()?;
            self.write(bytes).map_err(|e| of_file("cannot write to memory the chunk", &path, &e))?;
        }
        self.header.update(bytes);
        self.appended += bytes.len() as u64;
        Ok(())
    }

    fn so_far(&self) -> Stored {
        Stored::new(Arc::clone(&self.file), self.offset, self.appended)
    }

    fn commit(mut self: Box<Self>) -> Result<Stored, StoreError> {
        self.turn.inner.state().counts.misses += 1;
        if !self.keep {
            return Ok(self.so_far());
        }
        match self.put_in_place() {
            Ok(version) => {
                self.turn.inner.out_of_trouble();
                return Ok(Stored::kept(Arc::clone(&self.file), self.offset, self.appended, version));
            }
            Err(e) => {
                self.turn.inner.state().counts.unkept += 1;
                // In memory, the reason has been told.
                if self.part.is_some() {
                    self.turn.inner.in_trouble(&e);
                }
            }
        }
        Ok(self.so_far())
    }
}

impl DiskMaking {
    fn miscounted(&self, appended: u64) -> StoreError {
        StoreError {
            what: "cannot make the chunk",
            name: self.turn.inner.path(&self.turn.id).display().to_string(),
            cause: format!("{} bytes were claimed and {appended} made: claim more", self.most),
        }
    }
}

impl Drop for DiskMaking {
    fn drop(&mut self) {
        self.leave_name();
    }
}
