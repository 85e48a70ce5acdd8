//! What the store on this machine's disk and the chunks that it makes have in common: files by name, what is known of them,
//! and what keeps them from being kept.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use crowd_media::FileVersion;
use rustix::fs::MemfdFlags;

use crate::error::{self, StoreError};
use crate::format::{self, Damage, HEADER};
use crate::key::ChunkId;
use crate::kind::Kind;
use crate::lru::Lru;
use crate::status::StoreStatus;
use crate::stored::Stored;

/// What chunks that cannot go to the disk, or are not to, may hold of the memory, all together.
const MEMORY: u64 = 64 << 20;
/// A chunk that is used is dated no more often than this. Each time, every process that uses it checks all of its bytes again.
const DATED: Duration = Duration::from_secs(600);

/// What all clones of a store and the chunks in the making share.
pub struct Inner {
    pub kind: Kind,
    directory: PathBuf,
    state: Mutex<State>,
}

pub struct State {
    pub lru: Lru,
    /// Chunks of which every byte was checked since the start, and what their files were then.
    checked: HashMap<ChunkId, FileVersion>,
    making: HashSet<ChunkId>,
    /// Chunks that lie in memory, as long as they are read.
    in_memory: Vec<(Weak<File>, u64)>,
    pub counts: StoreStatus,
}

/// The right of one thread of this process to make a chunk.
pub struct Turn {
    pub inner: Arc<Inner>,
    pub id: ChunkId,
}

impl Turn {
    pub fn take(inner: &Arc<Inner>, id: &ChunkId) -> Option<Self> {
        inner.state().making.insert(*id).then(|| Self { inner: Arc::clone(inner), id: *id })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.inner.state().making.remove(&self.id);
    }
}

impl Inner {
    /// Chunks in `directory` under a cap of `limit` bytes, none of them known yet.
    pub fn new(directory: &Path, limit: u64, kind: Kind) -> Self {
        let state = State {
            lru: Lru::new(limit, kind.pinning),
            checked: HashMap::new(),
            making: HashSet::new(),
            in_memory: Vec::new(),
            counts: StoreStatus::default(),
        };
        Self { kind, directory: directory.to_owned(), state: Mutex::new(state) }
    }

    /// A file is there, by its name and size; its bytes are looked at when it is asked for.
    pub fn found(&self, id: ChunkId, bytes: u64) {
        self.evict(|state| state.lru.insert(id, bytes));
    }

    /// Held for moments only, never while a file is touched.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn path(&self, id: &ChunkId) -> PathBuf {
        let mut path = self.directory.clone();
        path.extend(id.place());
        path
    }

    pub fn part(&self, id: &ChunkId) -> PathBuf {
        self.path(id).with_extension("part")
    }

    /// A chunk that is there and is what it should be.
    pub fn find(&self, id: &ChunkId) -> Result<Option<Stored>, StoreError> {
        let path = self.path(id);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                self.state().forget(id);
                return Ok(None);
            }
            Err(e) => return Err(error::of_file("cannot open the chunk file", &path, &e)),
        };
        date(&file);
        match self.check(&file, id) {
            Ok((length, version)) => {
                self.used(*id, HEADER + length);
                Ok(Some(Stored::kept(Arc::new(file), HEADER, length, version)))
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

    /// The length of the payload of a chunk's file, and the file's version. All its bytes are read, unless they were since it has
    /// that version.
    fn check(&self, file: &File, id: &ChunkId) -> Result<(u64, FileVersion), Damage> {
        let now = SystemTime::now();
        let version = FileVersion::of(file)?;
        let whole = self.state().checked.get(id) != Some(&version);
        let length = format::check(file, &self.kind, id, whole)?;
        // Remembered only when no byte can have changed between its check and now, or can without another version.
        if whole && version.is_settled(now) && FileVersion::of(file)? == version {
            self.state().checked.insert(*id, version);
        }
        Ok((length, version))
    }

    /// A file is there, of `bytes`: it was used last.
    pub fn used(&self, id: ChunkId, bytes: u64) {
        self.evict(|state| if state.lru.touch(&id) { Vec::new() } else { state.lru.insert(id, bytes) });
    }

    /// Keeps room for `bytes`.
    pub fn reserve(&self, bytes: u64) {
        self.evict(|state| state.lru.reserve(bytes));
    }

    /// Gives up chunks of `bytes` and more, because the disk is full before the cap is reached. Whether there were any.
    pub fn give_way(&self, bytes: u64) -> bool {
        self.evict(|state| state.lru.give_up(bytes))
    }

    /// Takes away what `choose` says has to go; readers that have these open go on reading. Whether there were any.
    fn evict(&self, choose: impl FnOnce(&mut State) -> Vec<ChunkId>) -> bool {
        let gone = {
            let mut state = self.state();
            let gone = choose(&mut state);
            state.counts.evicted += gone.len() as u64;
            for id in &gone {
                state.checked.remove(id);
            }
            gone
        };
        for id in &gone {
            let path = self.path(id);
            let _ = fs::remove_file(&path);
            // Succeeds only when that was its last chunk.
            let _ = path.parent().map(fs::remove_dir);
        }
        !gone.is_empty()
    }

    /// A file in memory, that counts until its last reader is done; none when there is no room for its `length`.
    pub fn memory(&self, id: &ChunkId, length: u64) -> Result<Option<Arc<File>>, StoreError> {
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

    /// A file in memory for a chunk that cannot go to the disk.
    pub fn memory_instead(&self, id: &ChunkId, length: u64) -> Result<Arc<File>, StoreError> {
        self.memory(id, length)?.ok_or_else(|| {
            let mut state = self.state();
            let (held, trouble) = (state.bytes_in_memory(), state.counts.trouble.clone().unwrap_or_default());
            drop(state);
            self.no_memory(id, format!("{held} bytes of {MEMORY} are held already, it has {length}; {trouble}"))
        })
    }

    fn no_memory(&self, id: &ChunkId, cause: String) -> StoreError {
        StoreError { what: "cannot keep in memory the chunk", name: self.path(id).display().to_string(), cause }
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
    fn bytes_in_memory(&mut self) -> u64 {
        self.in_memory.retain(|(file, _)| file.strong_count() > 0);
        self.in_memory.iter().map(|(_, bytes)| bytes).sum()
    }

    fn forget(&mut self, id: &ChunkId) {
        self.lru.remove(id);
        self.checked.remove(id);
    }
}

/// Notes in a file that it is used, so that the order of use outlives the process; a failure costs that order and nothing else.
/// It comes before the check: what is written at the same moment may have its traces covered by it, but is then read.
fn date(file: &File) {
    let now = SystemTime::now();
    let recent = |at: SystemTime| now.duration_since(at).is_ok_and(|age| age < DATED);
    if !file.metadata().and_then(|metadata| metadata.accessed()).is_ok_and(recent) {
        let _ = file.set_times(FileTimes::new().set_accessed(now));
    }
}
