//! A folder of music and its tracks.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::error::Error;
use crate::id::TrackId;
use crate::open_regular::open_regular;
use crate::root::Root;
use crate::track::{Track, UnreadableFile};

/// The result of the latest scan.
#[derive(Default)]
pub(crate) struct ScanResult {
    pub tracks: BTreeMap<TrackId, Arc<Track>>,
    pub unreadable: BTreeMap<PathBuf, UnreadableFile>,
    scans: u64,
}

/// A folder of music.
pub struct Library {
    root: Root,
    latest: RwLock<ScanResult>,
}

impl Library {
    /// The library in the folder `root`. It has no tracks until it is [scanned](Self::scan).
    ///
    /// # Errors
    /// When `root` is not a folder, or several folders match it in other spellings.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let folder = Root::open(root).map_err(|e| Error::io(root, "open the library", e))?;
        if !folder.path().is_dir() {
            return Err(Error::NotAFolder { path: root.to_owned() });
        }
        Ok(Self { root: folder, latest: RwLock::default() })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// All tracks, sorted by their paths.
    pub fn tracks(&self) -> Vec<Arc<Track>> {
        let mut tracks: Vec<_> = self.read(|scan| scan.tracks.values().cloned().collect());
        tracks.sort_by(|a, b| a.path.cmp(&b.path));
        tracks
    }

    /// The track with an id.
    ///
    /// # Errors
    /// [`Error::NoTrack`].
    pub fn track(&self, id: &str) -> Result<Arc<Track>, Error> {
        let id: TrackId = id.parse()?;
        self.read(|scan| scan.tracks.get(&id).cloned()).ok_or_else(|| Error::NoTrack { id: id.to_string() })
    }

    /// The files that could not be read.
    pub fn unreadable(&self) -> Vec<UnreadableFile> {
        self.read(|scan| scan.unreadable.values().cloned().collect())
    }

    /// The number of scans of the folder.
    pub fn scans(&self) -> u64 {
        self.read(|scan| scan.scans)
    }

    /// Opens the file of a track. Returns its resolved path and the file.
    ///
    /// # Errors
    /// [`Error::Outside`] when a link now leads out of the library, [`Error::Io`].
    pub fn open_file(&self, track: &Track) -> Result<(PathBuf, File), Error> {
        let resolved = self.inside(&track.path)?;
        let file = open_regular(&resolved)?;
        Ok((resolved, file))
    }

    /// The path of a file of the library with links resolved. It is inside the library.
    pub(crate) fn inside(&self, path: &Path) -> Result<PathBuf, Error> {
        let path = self.root().join(path);
        let resolved = self.root.resolve(&path).map_err(|e| Error::io(&path, "open", e))?;
        resolved.ok_or(Error::Outside { path })
    }

    /// A path with links resolved; `None` when it leads out of the library.
    pub(crate) fn resolve(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        self.root.resolve(path)
    }

    /// Replaces the result of the previous scan.
    pub(crate) fn replace(&self, tracks: BTreeMap<TrackId, Arc<Track>>, unreadable: BTreeMap<PathBuf, UnreadableFile>) {
        let mut latest = self.latest.write().unwrap_or_else(PoisonError::into_inner);
        *latest = ScanResult { tracks, unreadable, scans: latest.scans + 1 };
    }

    /// Calls `read` with the result of the latest scan.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&ScanResult) -> T) -> T {
        read(&self.latest.read().unwrap_or_else(PoisonError::into_inner))
    }
}
