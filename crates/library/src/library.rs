//! The music there is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::error::Error;
use crate::id::TrackId;
use crate::open::open;
use crate::root::Root;
use crate::track::{Track, Unreadable};

/// What the latest scan found.
#[derive(Default)]
pub(crate) struct Shelf {
    pub tracks: BTreeMap<TrackId, Arc<Track>>,
    pub unreadable: BTreeMap<PathBuf, Unreadable>,
    scans: u64,
}

/// A folder of music.
pub struct Library {
    root: Root,
    shelf: RwLock<Shelf>,
}

impl Library {
    /// The folder `root`; it is empty until it was [looked through](Self::scan).
    ///
    /// # Errors
    /// When it is no folder, or several are called so.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let folder = Root::open(root).map_err(|e| Error::io(root, "open the library", e))?;
        if !folder.path().is_dir() {
            return Err(Error::NotAFolder { path: root.to_owned() });
        }
        Ok(Self { root: folder, shelf: RwLock::default() })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// All tracks, by path.
    pub fn tracks(&self) -> Vec<Arc<Track>> {
        let mut tracks: Vec<_> = self.read(|shelf| shelf.tracks.values().cloned().collect());
        tracks.sort_by(|a, b| a.path.cmp(&b.path));
        tracks
    }

    /// A track.
    ///
    /// # Errors
    /// [`Error::NoTrack`].
    pub fn track(&self, id: &str) -> Result<Arc<Track>, Error> {
        let name: TrackId = id.parse()?;
        self.read(|shelf| shelf.tracks.get(&name).cloned()).ok_or_else(|| Error::NoTrack { id: name.to_string() })
    }

    /// Files that could not be read.
    pub fn unreadable(&self) -> Vec<Unreadable> {
        self.read(|shelf| shelf.unreadable.values().cloned().collect())
    }

    /// How often all of the folder was looked through.
    pub fn scans(&self) -> u64 {
        self.read(|shelf| shelf.scans)
    }

    /// The file of a track, opened: whatever becomes of its name, this is what is read.
    ///
    /// # Errors
    /// [`Error::Outside`] when a link has come to lead out of the library, [`Error::Io`].
    pub fn open_file(&self, track: &Track) -> Result<(PathBuf, File), Error> {
        let real = self.inside(&track.path)?;
        let file = open(&real)?;
        Ok((real, file))
    }

    /// Where a file of the library really lies, which is inside.
    pub(crate) fn inside(&self, path: &Path) -> Result<PathBuf, Error> {
        let path = self.root().join(path);
        let real = self.root.resolve(&path).map_err(|e| Error::io(&path, "open", e))?;
        real.ok_or(Error::Outside { path })
    }

    /// Where a path inside really lies; `None` when it leads out.
    pub(crate) fn resolve(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        self.root.resolve(path)
    }

    /// Puts what was found in place of what was known.
    pub(crate) fn replace(&self, tracks: BTreeMap<TrackId, Arc<Track>>, unreadable: BTreeMap<PathBuf, Unreadable>) {
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        *shelf = Shelf { tracks, unreadable, scans: shelf.scans + 1 };
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&Shelf) -> T) -> T {
        look(&self.shelf.read().unwrap_or_else(PoisonError::into_inner))
    }
}
