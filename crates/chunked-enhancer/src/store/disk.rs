//! Chunks in files of one directory.

use std::collections::HashSet;
use std::fs::{self, DirEntry, File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, MemfdFlags};

use super::format::{self, HEADER};
use super::lru::Lru;
use super::making::DiskMaking;
use super::{ChunkId, Claim, RenditionKey, Store, StoreError, StoreStatus, Stored};

/// When to ask again for a chunk that somebody else makes.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// What chunks that cannot go to the disk may hold of the memory, all together.
const MEMORY: u64 = 64 << 20;

/// Chunks in files of one directory, which other processes may use too.
///
/// A chunk is the file `<2 hex digits>/<key of the rendition>/<index>`; [`format`](mod@format) says what is in it. While it is
/// made it is `<index>.part`, locked by its maker: a maker that is killed leaves no lock, and what it leaves of the file is
/// swept away at the next start or overwritten by the next maker.
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
        let mut lru = Lru::new(limit);
        let mut gone = Vec::new();
        for (_, id, bytes) in scan(directory).map_err(failed)? {
            gone.append(&mut lru.insert(id, bytes));
        }
        let state = State {
            lru,
            checked: HashSet::new(),
            making: HashSet::new(),
            in_memory: Vec::new(),
            counts: StoreStatus { evicted: gone.len() as u64, ..StoreStatus::default() },
        };
        let inner = Inner { directory: directory.to_owned(), state: Mutex::new(state) };
        inner.unlink(&gone);
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

/// What all clones of a store and the chunks in the making share.
pub(super) struct Inner {
    directory: PathBuf,
    state: Mutex<State>,
}

pub(super) struct State {
    pub lru: Lru,
    /// Whose every byte has been checked since the start.
    checked: HashSet<ChunkId>,
    making: HashSet<ChunkId>,
    /// Chunks that could not go to the disk, as long as somebody reads them.
    in_memory: Vec<(Weak<File>, u64)>,
    pub counts: StoreStatus,
}

/// The right of one thread of this process to make a chunk.
pub(super) struct Turn {
    pub inner: Arc<Inner>,
    pub id: ChunkId,
}

impl Turn {
    fn take(inner: &Arc<Inner>, id: &ChunkId) -> Option<Self> {
        inner.state().making.insert(*id).then(|| Self { inner: Arc::clone(inner), id: *id })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.inner.state().making.remove(&self.id);
    }
}

impl Inner {
    /// Held for moments only, never while a file is touched.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn path(&self, id: &ChunkId) -> PathBuf {
        let rendition = id.rendition.to_string();
        let mut path = self.directory.join(&rendition[..2]);
        path.extend([rendition, id.index.to_string()]);
        path
    }

    fn part(&self, id: &ChunkId) -> PathBuf {
        self.path(id).with_extension("part")
    }

    /// A chunk that is there and is what it should be.
    fn find(&self, id: &ChunkId) -> Result<Option<Stored>, StoreError> {
        let path = self.path(id);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                self.state().forget(id);
                return Ok(None);
            }
            Err(e) => return Err(error("cannot open the chunk file", &path, &e)),
        };
        let whole = !self.state().checked.contains(id);
        match format::check(&file, id, whole) {
            Ok(length) => {
                // So that the order of use outlives the process. Without it the music plays as well.
                let _ = file.set_modified(SystemTime::now());
                self.known(*id, HEADER + length);
                Ok(Some(Stored::new(Arc::new(file), HEADER, length)))
            }
            Err(damage) => {
                tracing::warn!("removed the chunk file {}: {damage}; it is made again", path.display());
                let _ = fs::remove_file(&path);
                let mut state = self.state();
                state.forget(id);
                state.counts.damaged += 1;
                Ok(None)
            }
        }
    }

    /// A file whose bytes were checked is there, of `bytes`: it was used last.
    pub fn known(&self, id: ChunkId, bytes: u64) {
        let gone = {
            let mut state = self.state();
            state.checked.insert(id);
            if state.lru.touch(&id) {
                return;
            }
            let gone = state.lru.insert(id, bytes);
            state.evicted(&gone);
            gone
        };
        self.unlink(&gone);
    }

    /// Keeps room for `bytes`.
    pub fn reserve(&self, bytes: u64) {
        let gone = {
            let mut state = self.state();
            let gone = state.lru.reserve(bytes);
            state.evicted(&gone);
            gone
        };
        self.unlink(&gone);
    }

    /// Gives up chunks of `bytes` and more, because the disk is full before the cap is reached. Whether there were any.
    pub fn give_way(&self, bytes: u64) -> bool {
        let gone = {
            let mut state = self.state();
            let gone = state.lru.give_up(bytes);
            state.evicted(&gone);
            gone
        };
        self.unlink(&gone);
        !gone.is_empty()
    }

    /// Readers that have these open go on reading.
    fn unlink(&self, gone: &[ChunkId]) {
        for id in gone {
            let path = self.path(id);
            let _ = fs::remove_file(&path);
            // Goes only with its last chunk.
            let _ = path.parent().map(fs::remove_dir);
        }
    }

    /// A file in memory, that counts until its last reader is done.
    pub fn memory(&self, id: &ChunkId, length: u64) -> Result<Arc<File>, StoreError> {
        let failed = |cause: String| StoreError {
            what: "cannot keep in memory, while the disk takes nothing, the chunk",
            name: self.path(id).display().to_string(),
            cause,
        };
        let file = rustix::fs::memfd_create("chunk", MemfdFlags::CLOEXEC).map_err(|e| failed(e.to_string()))?;
        let file = Arc::new(File::from(file));
        let mut state = self.state();
        state.in_memory.retain(|(file, _)| file.strong_count() > 0);
        let held = state.in_memory.iter().map(|(_, bytes)| bytes).sum::<u64>();
        if held + length > MEMORY {
            return Err(failed(format!(
                "{held} bytes of {MEMORY} are held already, it has {length}; {}",
                state.counts.trouble.as_deref().unwrap_or_default()
            )));
        }
        state.in_memory.push((Arc::downgrade(&file), length));
        Ok(file)
    }

    /// Tells once what keeps chunks from being kept.
    pub fn in_trouble(&self, error: &StoreError) {
        let text = error.to_string();
        if self.state().counts.trouble.replace(text).is_none() {
            tracing::warn!("{error}; the music goes on, but chunks are made again each time they are asked for");
        }
    }

    /// A chunk was kept.
    pub fn out_of_trouble(&self) {
        if self.state().counts.trouble.take().is_some() {
            tracing::info!("chunks are kept again");
        }
    }
}

impl State {
    fn forget(&mut self, id: &ChunkId) {
        self.lru.remove(id);
        self.checked.remove(id);
    }

    fn evicted(&mut self, gone: &[ChunkId]) {
        self.counts.evicted += gone.len() as u64;
        for id in gone {
            self.checked.remove(id);
        }
    }
}

/// An error that names a file, and the way out where one is known.
pub(super) fn error(what: &'static str, path: &Path, error: &io::Error) -> StoreError {
    let way_out = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ": make room on this disk, or use a cache directory elsewhere"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ": use a cache directory that can be written"
        }
        _ => "",
    };
    StoreError { what, name: path.display().to_string(), cause: format!("{error}{way_out}") }
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

/// Makes a change of names in a directory outlive a loss of power.
pub(super) fn sync(directory: Option<&Path>) -> io::Result<()> {
    directory.map_or(Ok(()), |directory| File::open(directory)?.sync_all())
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
