//! How much memory files take in all, and which of them are there already.

use crowd_engine::{Track, WeakTrack};
use crowd_media::FileVersion;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is kept free for streams: a quarter, and this at most. One that plays takes 4 MiB, one that waits less than 1.
const FOR_STREAMS: u64 = 64 << 20;
/// What a stream that has not played yet is counted with: it fills its window a little later.
const STREAM: u64 = 1 << 20;

/// One state of one file, under one of its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileKey {
    path: PathBuf,
    state: FileVersion,
}

impl FileKey {
    /// The state of an open file; `None` where the system does not tell, or the file was changed just now.
    pub fn of(path: &Path, file: &File) -> Option<Self> {
        FileVersion::of(file).ok()?.if_settled().map(|state| Self { path: path.to_owned(), state })
    }
}

#[derive(Debug, Default)]
struct State {
    /// Tracks that are held, and which file each of them is where it may be shared.
    tracks: Vec<(Option<FileKey>, WeakTrack)>,
    /// Bytes of files that are being read.
    reserved: u64,
}

impl State {
    /// Bytes held, and how many of the tracks are streamed.
    fn held(&mut self) -> (u64, usize) {
        let (mut bytes, mut streamed) = (0, 0);
        self.tracks.retain(|(_, track)| {
            let Some(track) = track.upgrade() else { return false };
            let streams = track.is_streamed();
            bytes += (track.bytes() as u64).max(if streams { STREAM } else { 0 });
            streamed += usize::from(streams);
            true
        });
        (bytes + self.reserved, streamed)
    }
}

/// The memory of all files. A clone is the same.
#[derive(Clone, Debug)]
pub struct Memory {
    total: u64,
    state: Arc<Mutex<State>>,
}

/// Memory that is kept for a file while it is read.
#[derive(Debug)]
pub(super) struct Room {
    memory: Memory,
    bytes: u64,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.memory.lock().reserved -= self.bytes;
    }
}

impl Memory {
    /// At most `total` bytes.
    #[must_use]
    pub fn new(total: u64) -> Self {
        Self { total, state: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The limit, in bytes.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Bytes that files take now, and how many of the files are streamed.
    #[must_use]
    pub fn held(&self) -> (u64, usize) {
        self.lock().held()
    }

    /// The track of a file that is in memory already.
    pub(super) fn find(&self, key: &FileKey) -> Option<Track> {
        let state = self.lock();
        state.tracks.iter().filter(|(known, _)| known.as_ref() == Some(key)).find_map(|(_, track)| track.upgrade())
    }

    /// Makes sure of room for a file in memory; `None` when there is not enough.
    pub(super) fn reserve(&self, bytes: u64) -> Option<Room> {
        let mut state = self.lock();
        let for_streams = FOR_STREAMS.min(self.total / 4);
        let fits = state.held().0.saturating_add(bytes) <= self.total - for_streams;
        fits.then(|| {
            state.reserved += bytes;
            Room { memory: self.clone(), bytes }
        })
    }

    /// Whether there is room for one more file to be streamed.
    ///
    /// # Errors
    /// What to tell the user when there is not.
    pub(super) fn may_stream(&self) -> Result<(), String> {
        if self.held().0.saturating_add(STREAM) <= self.total {
            return Ok(());
        }
        Err(format!(
            "no memory left for it ({self}): /memory_cleanup forgets what does not play, --memory-total allows more"
        ))
    }

    /// Counts a track, and shares it with who asks for the same file, as long as it is held.
    pub(super) fn keep(&self, key: Option<FileKey>, track: &Track) {
        self.lock().tracks.push((key, track.downgrade()));
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bytes, streamed) = self.held();
        write!(f, "{} of {} MiB taken, {streamed} files streamed", bytes >> 20, self.total >> 20)
    }
}
