//! The files of the chunks on this machine's disk, which the store and its writers share.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use crowd_media::FileVersion;
use rustix::fs::MemfdFlags;

use crate::chunk_bytes::ChunkBytes;
use crate::chunk_kind::ChunkKind;
use crate::error::{self, StoreError};
use crate::format::{self, Damage, HEADER};
use crate::key::ChunkId;
use crate::lru::Lru;
use crate::status::StoreStatus;

/// The most bytes of all chunks in memory: chunks that cannot be written to the disk, and chunks that are not to be kept.
const MEMORY: u64 = 64 << 20;
/// The shortest time between two updates of a file's access time. After each update, every process that uses the chunk verifies all
/// of its bytes again.
const MARK_INTERVAL: Duration = Duration::from_secs(600);

/// The files of a store and their state, shared by all clones of the store and by its writers.
pub struct ChunkFiles {
    pub kind: ChunkKind,
    directory: PathBuf,
    state: Mutex<FilesState>,
}

pub struct FilesState {
    pub lru: Lru,
    /// The chunks of which every byte was verified since the start, and the versions that their files had then.
    verified: HashMap<ChunkId, FileVersion>,
    /// The chunks that this process has claimed.
    claimed: HashSet<ChunkId>,
    /// The chunks that were evicted and whose files are about to be removed.
    evicting: HashSet<ChunkId>,
    /// The chunks in memory and their bytes.
    in_memory: Vec<(Weak<File>, u64)>,
    pub counts: StoreStatus,
}

/// The right of one thread to make a chunk, among the threads of this process.
pub struct LocalClaim {
    pub files: Arc<ChunkFiles>,
    pub id: ChunkId,
}

impl LocalClaim {
    pub fn take(files: &Arc<ChunkFiles>, id: &ChunkId) -> Option<Self> {
        files.state().claimed.insert(*id).then(|| Self { files: Arc::clone(files), id: *id })
    }
}

impl Drop for LocalClaim {
    fn drop(&mut self) {
        self.files.state().claimed.remove(&self.id);
    }
}

impl ChunkFiles {
    /// The files in `directory` under a cap of `limit` bytes. No chunk is known yet.
    pub fn new(directory: &Path, limit: u64, kind: ChunkKind) -> Self {
        let state = FilesState {
            lru: Lru::new(limit, kind.pinning),
            verified: HashMap::new(),
            claimed: HashSet::new(),
            evicting: HashSet::new(),
            in_memory: Vec::new(),
            counts: StoreStatus::default(),
        };
        Self { kind, directory: directory.to_owned(), state: Mutex::new(state) }
    }

    /// Adds a chunk that was found in the directory, by the name and size of its file. Its bytes are verified when it is read.
    pub fn add_scanned(&self, id: ChunkId, bytes: u64) {
        self.evict(|state| state.lru.insert(id, bytes));
    }

    /// Locks the state. The lock is never held during a file operation.
    pub fn state(&self) -> MutexGuard<'_, FilesState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn path(&self, id: &ChunkId) -> PathBuf {
        let mut path = self.directory.clone();
        path.extend(id.path_components());
        path
    }

    pub fn partial_path(&self, id: &ChunkId) -> PathBuf {
        self.path(id).with_extension("part")
    }

    /// Opens and verifies a chunk. A damaged file is removed.
    pub fn open_checked(&self, id: &ChunkId) -> Result<Option<ChunkBytes>, StoreError> {
        let path = self.path(id);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                self.state().remove(id);
                return Ok(None);
            }
            Err(e) => return Err(error::of_file("cannot open the chunk file", &path, &e)),
        };
        mark_used(&file);
        match self.check(&file, id) {
            Ok((length, version)) => {
                self.record_use(*id, HEADER + length);
                Ok(Some(ChunkBytes::verified(Arc::new(file), HEADER, length, version)))
            }
            Err(damage) => {
                tracing::warn!("removed the chunk file {}: {damage}; it is made again", path.display());
                let _ = fs::remove_file(&path);
                let mut state = self.state();
                state.remove(id);
                state.counts.damaged += 1;
                Ok(None)
            }
        }
    }

    /// Verifies the file of a chunk. Returns the length of the payload and the version of the file. The bytes are read unless they
    /// were verified while the file had this version.
    fn check(&self, file: &File, id: &ChunkId) -> Result<(u64, FileVersion), Damage> {
        let now = SystemTime::now();
        let version = FileVersion::of(file)?;
        let whole = self.state().verified.get(id) != Some(&version);
        let length = format::check(file, &self.kind, id, whole)?;
        // The version is recorded only if any change of the file, from the check on, gives the file another version.
        if whole && version.is_settled(now) && FileVersion::of(file)? == version {
            self.state().verified.insert(*id, version);
        }
        Ok((length, version))
    }

    /// Records that a chunk was used, so that it is the most recently used one. Its file has `bytes` bytes.
    pub fn record_use(&self, id: ChunkId, bytes: u64) {
        self.evict(|state| {
            // A file that is about to be removed must not be counted again.
            if state.evicting.contains(&id) || state.lru.touch(&id) { Vec::new() } else { state.lru.insert(id, bytes) }
        });
    }

    /// Whether the file of a chunk is about to be removed. The chunk can be made when it is.
    pub fn is_evicting(&self, id: &ChunkId) -> bool {
        self.state().evicting.contains(id)
    }

    /// Reserves room for `bytes` bytes, and evicts chunks for it.
    pub fn reserve(&self, bytes: u64) {
        self.evict(|state| state.lru.reserve(bytes));
    }

    /// Evicts chunks that have at least `bytes` bytes together, because the disk is full before the cap is reached. Returns whether a chunk
    /// was evicted.
    pub fn make_room(&self, bytes: u64) -> bool {
        self.evict(|state| state.lru.evict(bytes))
    }

    /// Evicts the chunks that `choose` returns. Readers that have these files open can still read them. Returns whether a chunk was
    /// evicted.
    fn evict(&self, choose: impl FnOnce(&mut FilesState) -> Vec<ChunkId>) -> bool {
        let evicted = {
            let mut state = self.state();
            let evicted = choose(&mut state);
            state.counts.evicted += evicted.len() as u64;
            for id in &evicted {
                state.verified.remove(id);
                state.evicting.insert(*id);
            }
            evicted
        };
        for id in &evicted {
            let path = self.path(id);
            let _ = fs::remove_file(&path);
            // This succeeds only when the directory is empty.
            let _ = path.parent().map(fs::remove_dir);
            self.state().evicting.remove(id);
        }
        !evicted.is_empty()
    }

    /// A file in memory; `None` when there is no room for `length` bytes. Its bytes count towards [`MEMORY`] until it is closed.
    pub fn memory_file(&self, id: &ChunkId, length: u64) -> Result<Option<Arc<File>>, StoreError> {
        let file = rustix::fs::memfd_create("chunk", MemfdFlags::CLOEXEC);
        let file = file.map_err(|e| self.no_memory(id, e.to_string()))?;
        let file = Arc::new(File::from(file));
        let mut state = self.state();
        if state.bytes_in_memory() + length > MEMORY {
            return Ok(None);
        }
        state.in_memory.push((Arc::downgrade(&file), length));
        Ok(Some(file))
    }

    /// A file in memory for a chunk that cannot be written to the disk.
    pub fn memory_file_or_error(&self, id: &ChunkId, length: u64) -> Result<Arc<File>, StoreError> {
        self.memory_file(id, length)?.ok_or_else(|| {
            let mut state = self.state();
            let (held, error) = (state.bytes_in_memory(), state.counts.error.clone().unwrap_or_default());
            drop(state);
            self.no_memory(id, format!("{held} bytes of {MEMORY} are in use, and the chunk has {length}; {error}"))
        })
    }

    fn no_memory(&self, id: &ChunkId, cause: String) -> StoreError {
        StoreError { what: "cannot keep in memory the chunk", name: self.path(id).display().to_string(), cause }
    }

    /// Records the reason why chunks cannot be kept, and logs it once.
    pub fn record_failure(&self, error: &StoreError) {
        let text = error.to_string();
        if self.state().counts.error.replace(text).is_none() {
            tracing::warn!("{error}; playback goes on, but chunks are made again each time they are needed");
        }
    }

    /// Records that a chunk was kept.
    pub fn record_kept(&self) {
        if self.state().counts.error.take().is_some() {
            tracing::info!("chunks are kept again");
        }
    }
}

impl FilesState {
    fn bytes_in_memory(&mut self) -> u64 {
        self.in_memory.retain(|(file, _)| file.strong_count() > 0);
        self.in_memory.iter().map(|(_, bytes)| bytes).sum()
    }

    fn remove(&mut self, id: &ChunkId) {
        self.lru.remove(id);
        self.verified.remove(id);
    }
}

/// Updates the access time of a file, so that the order of use survives a restart. A failure has no other effect.
///
/// It must be called before the check of the file. The update may hide the time of a write at the same moment. The check then still reads
/// the written bytes.
fn mark_used(file: &File) {
    let now = SystemTime::now();
    let recent = |at: SystemTime| now.duration_since(at).is_ok_and(|age| age < MARK_INTERVAL);
    if !file.metadata().and_then(|metadata| metadata.accessed()).is_ok_and(recent) {
        let _ = file.set_times(FileTimes::new().set_accessed(now));
    }
}
