//! Chunks in files of one directory.

use std::fs::{self, DirEntry, File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::fs::FlockOperation;

use super::making::DiskMaking;
use super::shared::{Inner, Turn, error, sync};
use super::{ChunkId, Claim, RenditionKey, Store, StoreError, StoreStatus, Stored};

/// When to ask again for a chunk that somebody else makes.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// Chunks in files of one directory, which other processes may use too.
///
/// A chunk is the file `<2 hex digits>/<key of the rendition>/<index>`; [`format`](mod@super::format) says what is in it.
/// While it is made it is `<index>.part`, locked by its maker: a maker that is killed leaves no lock, and what it leaves of the
/// file is swept away at the next start or overwritten by the next maker.
#[derive(Clone)]
pub struct DiskStore {
    inner: Arc<Inner>,
}

impl DiskStore {
    /// The store in `directory`, which is made when it is missing, under a cap of `limit` bytes. What is there is found by names
    /// and sizes; a chunk's checksum is looked at when it is asked for the first time.
    ///
    /// # Errors
    /// [`StoreError`] when the directory cannot be made, read or written.
    pub fn open(directory: &Path, limit: u64) -> Result<Self, StoreError> {
        let failed = |e: io::Error| error("cannot open the cache directory", directory, &e);
        fs::create_dir_all(directory).map_err(failed)?;
        rustix::fs::access(directory, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)
            .map_err(|e| failed(e.into()))?;
        let inner = Inner::new(directory, limit);
        for (_, id, bytes) in scan(directory).map_err(failed)? {
            inner.found(id, bytes);
        }
        Ok(Self { inner: Arc::new(inner) })
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
        // From here on nobody else of this process looks for it; `Turn` says so when it is dropped.
        let Some(turn) = Turn::take(inner, id) else { return Ok(Claim::Theirs(ASK_AGAIN)) };
        loop {
            if let Some(stored) = inner.find(id)? {
                inner.state().counts.hits += 1;
                return Ok(Claim::Done(stored));
            }
            let part = inner.part(id);
            let making = match lock_new(&part) {
                Ok(None) => return Ok(Claim::Theirs(ASK_AGAIN)),
                // Its last maker may have finished between the look and the lock.
                Ok(Some(_)) if inner.path(id).exists() => {
                    let _ = fs::remove_file(&part);
                    continue;
                }
                Ok(Some(file)) => DiskMaking::in_file(turn, most, file, part),
                Err(e) => {
                    inner.in_trouble(&error("cannot make the chunk file", &part, &e));
                    DiskMaking::in_memory(turn, most)?
                }
            };
            return Ok(Claim::Mine(Box::new(making)));
        }
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

/// The empty file `path`, locked, or none when somebody else has it. Its directory is made when it is missing.
fn lock_new(path: &Path) -> io::Result<Option<File>> {
    loop {
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = match opened {
            Ok(file) => file,
            // Missing, or just removed with its last chunk.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                if let Some(directory) = path.parent() {
                    fs::create_dir_all(directory)?;
                    sync(directory.parent())?;
                }
                continue;
            }
            Err(e) => return Err(e),
        };
        if !lock(&file, path)? {
            return Ok(None);
        }
        if is_at(&file, path) {
            file.set_len(0)?;
            return Ok(Some(file));
        }
    }
}

/// Locks `file`, if nobody else has.
fn lock(file: &File, path: &Path) -> io::Result<bool> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(e) => {
            Err(io::Error::other(format!("{} cannot be locked: {e}; use a file system with locks", path.display())))
        }
    }
}

/// Whether `file` is still the one called `path`: its last owner may have renamed or removed it before the lock was had.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// All chunks of a directory with their sizes, used longest ago first. What was left half made is swept away.
fn scan(directory: &Path) -> io::Result<Vec<(SystemTime, ChunkId, u64)>> {
    let mut found = Vec::new();
    for group in folders(directory)? {
        for rendition in folders(&group.path())? {
            let Some(key) = key_of(&rendition, &group) else { continue };
            for entry in fs::read_dir(rendition.path())? {
                let entry = entry?;
                let name = entry.file_name();
                let Some(name) = name.to_str() else { continue };
                if name.strip_suffix(".part").is_some_and(|index| index_of(index).is_some()) {
                    sweep(&entry.path());
                } else if let Some(index) = index_of(name)
                    && let Ok(metadata) = entry.metadata()
                {
                    found.push((metadata.modified()?, ChunkId { rendition: key, index }, metadata.len()));
                }
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn folders(directory: &Path) -> io::Result<Vec<DirEntry>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry);
        }
    }
    Ok(folders)
}

/// The key a directory is named by, if it lies where it belongs.
fn key_of(rendition: &DirEntry, group: &DirEntry) -> Option<RenditionKey> {
    let name = rendition.file_name();
    let key = name.to_str()?.parse::<RenditionKey>().ok()?;
    (group.file_name().to_str()? == name.to_str()?.get(..2)?).then_some(key)
}

/// The index a file is named by: one number has one name.
fn index_of(name: &str) -> Option<u32> {
    name.parse().ok().filter(|index: &u32| index.to_string() == name)
}

/// Removes what a maker left that is no more.
fn sweep(part: &Path) {
    let Ok(file) = File::open(part) else { return };
    if lock(&file, part).unwrap_or(false) && is_at(&file, part) {
        let _ = fs::remove_file(part);
    }
}
