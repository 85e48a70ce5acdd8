//! What a file is known by: all that it holds, and until that is read by where it lies and some of it.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crowd_media::FileVersion;

use crate::error::Error;
use crate::hash::ContentHash;
use crate::opened::Opened;

/// Samples of a file that its [`LocalId`] is made of, and the bytes of each.
const SAMPLES: u64 = 16;
const SAMPLE: usize = 4_096;

/// Names what a file holds, on this machine only: a hash of the file's device, inode, size and times, and of samples from its
/// beginning to its end. It is known at once, however large the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LocalId([u8; 32]);

impl LocalId {
    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// That of a file of `bytes` bytes in a state.
    fn of(file: &File, state: &FileVersion, bytes: u64) -> io::Result<Self> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{state:?}").as_bytes());
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

/// Where the hashes of large files outlive the process.
pub trait Hashes: Send + Sync {
    /// The hash that was kept for a file.
    fn recall(&self, file: LocalId) -> Option<ContentHash>;

    /// Keeps the hash of a file. When it cannot be kept, it is found out again another time.
    fn keep(&self, file: LocalId, hash: ContentHash);
}

/// One state of a file, shared by all who have it open.
#[derive(Debug)]
pub(crate) struct Identity {
    local: LocalId,
    content: OnceLock<ContentHash>,
    /// Held by the thread that reads all of the file.
    reading: Mutex<()>,
    /// Whether it is hashed in the background, or will be.
    queued: AtomicBool,
}

impl Identity {
    /// Of a file whose hash is known.
    pub fn hashed(hash: ContentHash) -> Self {
        Self::new(LocalId(*hash.as_bytes()), Some(hash))
    }

    /// Of a file that is to be read some time, in this state, with its hash if that was kept.
    pub fn provisional(opened: &Opened, state: &FileVersion, hashes: Option<&dyn Hashes>) -> Result<Self, Error> {
        let local = LocalId::of(&opened.file, state, opened.state.bytes);
        let local = local.map_err(|e| Error::io(&*opened.path, "read", e))?;
        Ok(Self::new(local, hashes.and_then(|hashes| hashes.recall(local))))
    }

    fn new(local: LocalId, hash: Option<ContentHash>) -> Self {
        let content = hash.map_or_else(OnceLock::new, OnceLock::from);
        Self { local, content, reading: Mutex::default(), queued: AtomicBool::new(false) }
    }

    pub fn local(&self) -> LocalId {
        self.local
    }

    pub fn content(&self) -> Option<ContentHash> {
        self.content.get().copied()
    }

    /// Whether the caller is the one to have it hashed in the background.
    pub fn queue(&self) -> bool {
        self.content.get().is_none() && !self.queued.swap(true, Ordering::Relaxed)
    }

    /// It is not hashed in the background any more.
    pub fn unqueue(&self) {
        self.queued.store(false, Ordering::Relaxed);
    }

    /// Has all of the file read, whose identity this is, unless that was done; waits for another thread that does it. Whether the
    /// hash is known: not when `go_on` says so before.
    pub fn read(&self, opened: &Opened, hashes: Option<&dyn Hashes>, go_on: impl Fn() -> bool) -> Result<bool, Error> {
        let _reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if self.content.get().is_some() {
            return Ok(true);
        }
        let Some(hash) = opened.hash_while(go_on)? else { return Ok(false) };
        if let Some(hashes) = hashes {
            hashes.keep(self.local, hash);
        }
        Ok(self.content.set(hash).is_ok())
    }
}
