//! The limit of memory for all files, and the tracks that are in memory.

use crowd_engine::{Track, WeakTrack};
use crowd_media::FileVersion;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The largest number of bytes that are reserved for streams. If a quarter of the limit is less, that is reserved. A stream
/// that plays uses 4 MiB, and any other stream uses less than 1 MiB.
const MAX_STREAM_RESERVE: u64 = 64 << 20;
/// The bytes that are counted for a stream that was not played yet. Its window is filled only a little later.
const UNPLAYED_STREAM: u64 = 1 << 20;

/// Identifies a state of a file under one of its names. It changes when the file is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileKey {
    path: PathBuf,
    state: FileVersion,
}

impl FileKey {
    /// The state of an open file; `None` where the system does not report it, or when the file was changed just now.
    pub fn of(path: &Path, file: &File) -> Option<Self> {
        FileVersion::of(file).ok()?.if_settled().map(|state| Self { path: path.to_owned(), state })
    }
}

#[derive(Debug, Default)]
struct BudgetState {
    /// The tracks in memory. A track that may be shared has the key of its file.
    tracks: Vec<(Option<FileKey>, WeakTrack)>,
    /// The bytes that are reserved for files that are being decoded.
    reserved: u64,
}

impl BudgetState {
    /// The bytes in use, and the number of streamed tracks.
    fn used(&mut self) -> (u64, usize) {
        let (mut bytes, mut streamed) = (0, 0);
        self.tracks.retain(|(_, track)| {
            let Some(track) = track.upgrade() else { return false };
            let streams = track.is_streamed();
            bytes += (track.bytes() as u64).max(if streams { UNPLAYED_STREAM } else { 0 });
            streamed += usize::from(streams);
            true
        });
        (bytes + self.reserved, streamed)
    }
}

/// The limit of memory for all files. Clones share it.
#[derive(Clone, Debug)]
pub struct MemoryBudget {
    total: u64,
    state: Arc<Mutex<BudgetState>>,
}

/// Memory that is reserved for a file while it is decoded.
#[derive(Debug)]
pub(super) struct Reservation {
    memory: MemoryBudget,
    bytes: u64,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.memory.lock().reserved -= self.bytes;
    }
}

impl MemoryBudget {
    /// A limit of `total` bytes.
    #[must_use]
    pub fn new(total: u64) -> Self {
        Self { total, state: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, BudgetState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The limit, in bytes.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The bytes that files use, and the number of streamed files.
    #[must_use]
    pub fn used(&self) -> (u64, usize) {
        self.lock().used()
    }

    /// The track of a file that is in memory already.
    pub(super) fn find_track(&self, key: &FileKey) -> Option<Track> {
        let state = self.lock();
        state.tracks.iter().filter(|(known, _)| known.as_ref() == Some(key)).find_map(|(_, track)| track.upgrade())
    }

    /// Reserves memory for a file; `None` when there is not enough.
    pub(super) fn reserve(&self, bytes: u64) -> Option<Reservation> {
        let mut state = self.lock();
        let for_streams = MAX_STREAM_RESERVE.min(self.total / 4);
        let fits = state.used().0.saturating_add(bytes) <= self.total - for_streams;
        fits.then(|| {
            state.reserved += bytes;
            Reservation { memory: self.clone(), bytes }
        })
    }

    /// Checks that there is memory for one more streamed file.
    ///
    /// # Errors
    /// A text for the user when there is not.
    pub(super) fn check_stream(&self) -> Result<(), String> {
        if self.used().0.saturating_add(UNPLAYED_STREAM) <= self.total {
            return Ok(());
        }
        Err(format!(
            "no memory left for it ({self}): /memory_cleanup unloads files that do not play, --memory-total raises the limit"
        ))
    }

    /// Counts the memory of a track. As long as the track is in use, later loads of the same file share it.
    pub(super) fn register(&self, key: Option<FileKey>, track: &Track) {
        self.lock().tracks.push((key, track.downgrade()));
    }
}

impl fmt::Display for MemoryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bytes, streamed) = self.used();
        write!(f, "{} of {} MiB used, {streamed} files streamed", bytes >> 20, self.total >> 20)
    }
}
