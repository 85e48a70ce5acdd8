//! The uploads there are, and the room for more.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crowd_library::{Library, Track};
use crowd_web::LimitReached;

use super::error::UploadError;
use super::folder::Folder;

/// Bytes of all uploads together, and of one.
pub const MOST_BYTES: u64 = 512 << 20;
/// Uploads that are kept: for another one the oldest is removed.
pub const MOST_FILES: usize = 64;
/// Uploads that may be received at once.
pub const MOST_AT_ONCE: usize = 4;

/// What was sent to be tried. Its folder is removed with it.
pub struct Uploads {
    library: Library,
    folder: Folder,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Oldest first: the folder of each, and its bytes.
    files: VecDeque<(PathBuf, u64)>,
    /// Bytes that those being received may come to, and how many these are.
    reserved: u64,
    receiving: usize,
    /// The number of the latest one.
    latest: u64,
}

impl Uploads {
    /// None yet, in a new folder inside `cache`.
    ///
    /// # Errors
    /// [`UploadError::Io`] when it cannot be made or locked.
    pub fn open(cache: &Path) -> Result<Self, UploadError> {
        let folder = Folder::open(cache)?;
        let opened = Library::open(folder.path());
        let library = opened.map_err(|error| UploadError::Io {
            path: folder.path().to_owned(),
            doing: "open",
            source: io::Error::other(error),
        })?;
        library.scan();
        Ok(Self { library, folder, kept: Mutex::default() })
    }

    /// The tracks among them.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// All of them, oldest first.
    pub fn tracks(&self) -> Vec<Arc<Track>> {
        let kept = self.kept();
        let mut tracks = self.library.tracks();
        tracks.sort_by_key(|track| kept.place(track));
        tracks
    }

    /// How many there are, and their bytes.
    pub fn size(&self) -> (usize, u64) {
        let kept = self.kept();
        (kept.files.len(), kept.bytes())
    }

    /// Removes one.
    ///
    /// # Errors
    /// [`UploadError::NoUpload`], [`UploadError::Io`].
    pub fn remove(&self, id: &str) -> Result<(), UploadError> {
        let mut kept = self.kept();
        let track = self.library.track(id).ok();
        let Some(n) = track.and_then(|track| kept.place(&track)) else {
            return Err(UploadError::NoUpload { id: id.escape_debug().to_string() });
        };
        self.folder.remove(&kept.files[n].0)?;
        kept.files.remove(n);
        self.library.scan();
        Ok(())
    }

    /// Removes all there are, and what is being received, for good: for the end of a server.
    pub fn end(&self) {
        self.folder.end();
    }

    /// The whole path of a folder's file.
    pub(super) fn path(&self, folder: &Path, name: &str) -> PathBuf {
        self.folder.path().join(folder).join(name)
    }

    /// Makes room for a file of so many bytes: the oldest uploads are removed. Gives the folder it is to lie in, of its own, as
    /// two may have one name.
    pub(super) fn reserve(&self, name: &str, bytes: u64) -> Result<PathBuf, UploadError> {
        if bytes > MOST_BYTES {
            return Err(UploadError::TooLarge { name: name.to_owned(), bytes, most: MOST_BYTES });
        }
        let mut kept = self.kept();
        if kept.receiving == MOST_AT_ONCE {
            return Err(LimitReached { what: "uploads", limit: MOST_AT_ONCE }.into());
        }
        if kept.reserved + bytes > MOST_BYTES {
            return Err(UploadError::NoRoom { name: name.to_owned(), bytes });
        }
        let before = kept.files.len();
        while kept.bytes() + kept.reserved + bytes > MOST_BYTES || kept.files.len() + kept.receiving >= MOST_FILES {
            let Some((oldest, _)) = kept.files.front() else { break };
            self.folder.remove(oldest)?;
            kept.files.pop_front();
        }
        if kept.files.len() < before {
            self.library.scan();
        }
        kept.reserved += bytes;
        kept.receiving += 1;
        kept.latest += 1;
        Ok(format!("upload-{}-{}", std::process::id(), kept.latest).into())
    }

    /// Takes a file that was received into the library.
    pub(super) fn keep(&self, folder: &Path, name: &str, bytes: u64) -> Result<Arc<Track>, UploadError> {
        // One scan at a time: the one that began first, if it ended last, would hide what the other one found.
        let mut kept = self.kept();
        self.library.scan();
        let path = folder.join(name);
        if let Some(track) = self.library.tracks().into_iter().find(|track| *track.path == *path) {
            kept.files.push_back((folder.to_owned(), bytes));
            return Ok(track);
        }
        let unreadable = self.library.unreadable().into_iter().find(|file| *file.path == *path);
        // Where it lay for a moment is of no use to whoever sent it.
        let here = self.library.root().join(&path).display().to_string();
        let problem = unreadable.map(|file| file.problem.replace(&here, "it"));
        let problem = problem.unwrap_or_else(|| "it was removed meanwhile".to_owned());
        Err(UploadError::NotMusic { name: name.to_owned(), problem })
    }

    /// Gives back what was reserved; what was received is removed where it is not kept.
    pub(super) fn release(&self, folder: &Path, bytes: u64, keep: bool) {
        let mut kept = self.kept();
        if !keep {
            // What cannot be removed goes with the folder of all.
            let _ = self.folder.remove(folder);
            self.library.scan();
        }
        kept.reserved -= bytes;
        kept.receiving -= 1;
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, bytes)| bytes).sum()
    }

    /// The place of a track among the files.
    fn place(&self, track: &Track) -> Option<usize> {
        self.files.iter().position(|(folder, _)| track.path.starts_with(folder))
    }
}
