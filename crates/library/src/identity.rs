//! The identity of a file: the hash of its content, or until that is known, a hash of its metadata and of samples of its bytes.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crowd_media::FileVersion;

use crate::error::Error;
use crate::hash::ContentHash;
use crate::open_file::OpenFile;

/// The number of samples of a file that are hashed for its [`LocalId`].
const SAMPLES: u64 = 16;
/// The bytes of each sample.
const SAMPLE: usize = 4_096;

/// An id of a file's content that is valid on this machine only: a hash of the file's device, inode, size and times, and of samples
/// of its bytes. It takes the same short time for a file of any size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LocalId([u8; 32]);

impl LocalId {
    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The id of a file of `bytes` bytes with a version.
    fn of(file: &File, version: &FileVersion, bytes: u64) -> io::Result<Self> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{version:?}").as_bytes());
        let mut sample = [0; SAMPLE];
        let room = bytes.saturating_sub(SAMPLE as u64);
        for nth in 0..SAMPLES {
            // The size is below 2^63 and so the product below 2^67.
            let at = u128::from(room) * u128::from(nth) / u128::from(SAMPLES - 1);
            file.read_exact_at(&mut sample, u64::try_from(at).unwrap_or(room))?;
            hasher.update(&sample);
        }
        Ok(Self(hasher.finalize().into()))
    }
}

impl fmt::Display for LocalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

/// A store for the hashes of large files, which survives the process.
pub trait HashStore: Send + Sync {
    /// The hash that was saved for a file.
    fn load(&self, file: LocalId) -> Option<ContentHash>;

    /// Saves the hash of a file. When it cannot be saved, the file is hashed again in the next process.
    fn save(&self, file: LocalId, hash: ContentHash);
}

/// The identity of one version of a file, shared by all its [`MusicFile`](crate::MusicFile)s.
#[derive(Debug)]
pub(crate) struct ContentIdentity {
    local: LocalId,
    content: OnceLock<ContentHash>,
    /// Locked by the thread that hashes the file.
    hashing: Mutex<()>,
    /// Whether the file is in the queue of the background thread.
    queued: AtomicBool,
}

impl ContentIdentity {
    /// The identity of a file whose hash is known.
    pub fn hashed(hash: ContentHash) -> Self {
        Self::new(LocalId(*hash.as_bytes()), Some(hash))
    }

    /// The identity of a file that is not hashed yet. It has the hash if one was saved.
    pub fn provisional(open: &OpenFile, version: &FileVersion, hashes: Option<&dyn HashStore>) -> Result<Self, Error> {
        let local = LocalId::of(&open.file, version, open.state.bytes);
        let local = local.map_err(|e| Error::io(&*open.path, "read", e))?;
        Ok(Self::new(local, hashes.and_then(|hashes| hashes.load(local))))
    }

    fn new(local: LocalId, hash: Option<ContentHash>) -> Self {
        let content = hash.map_or_else(OnceLock::new, OnceLock::from);
        Self { local, content, hashing: Mutex::default(), queued: AtomicBool::new(false) }
    }

    pub fn local(&self) -> LocalId {
        self.local
    }

    pub fn content(&self) -> Option<ContentHash> {
        self.content.get().copied()
    }

    /// Marks the file as queued. Returns `false` when it is queued or hashed already.
    pub fn try_queue(&self) -> bool {
        self.content.get().is_none() && !self.queued.swap(true, Ordering::Relaxed)
    }

    /// Marks the file as not queued.
    pub fn unqueue(&self) {
        self.queued.store(false, Ordering::Relaxed);
    }

    /// Hashes the file with this identity, unless its hash is known. Blocks while another thread hashes it. Stops when `keep_going` returns
    /// `false`. Returns whether the hash is known.
    pub fn hash_file(
        &self,
        open: &OpenFile,
        hashes: Option<&dyn HashStore>,
        keep_going: impl Fn() -> bool,
    ) -> Result<bool, Error> {
        let _hashing = self.hashing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.content.get().is_some() {
            return Ok(true);
        }
        let Some(hash) = open.hash_while(keep_going)? else { return Ok(false) };
        if let Some(hashes) = hashes {
            hashes.save(self.local, hash);
        }
        Ok(self.content.set(hash).is_ok())
    }
}
