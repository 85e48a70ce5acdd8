//! The uploads of a server, and the room for more.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crowd_library::{Library, Track};
use crowd_web::LimitReached;

use super::error::UploadError;
use super::folder::Folder;

/// The most bytes of all uploads together. One upload may have as many.
pub const MOST_BYTES: u64 = 512 << 20;
/// The most uploads that are kept. When there would be more, the oldest is removed.
pub const MOST_FILES: usize = 64;
/// The most uploads that may be received at once.
pub const MOST_AT_ONCE: usize = 4;

/// The uploads of a server. Their folder is removed when this is dropped.
pub struct Uploads {
    library: Library,
    folder: Folder,
    files: Mutex<FileList>,
}

#[derive(Default)]
struct FileList {
    /// The folder and the bytes of each upload, oldest first.
    files: VecDeque<(PathBuf, u64)>,
    /// The bytes that are reserved for the files that are being received.
    reserved: u64,
    /// The number of files that are being received.
    receiving: usize,
    /// The number of the latest upload.
    latest: u64,
}

impl Uploads {
    /// Makes a new folder for uploads inside `cache`. There are no uploads yet.
    ///
    /// # Errors
    /// [`UploadError::Io`] when the folder cannot be made or locked.
    pub fn open(cache: &Path) -> Result<Self, UploadError> {
        let folder = Folder::open(cache)?;
        let opened = Library::open(folder.path());
        let library = opened.map_err(|error| UploadError::Io {
            path: folder.path().to_owned(),
            doing: "open",
            source: io::Error::other(error),
        })?;
        library.scan();
        Ok(Self { library, folder, files: Mutex::default() })
    }

    /// The library of the uploads.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The tracks of all uploads, oldest first.
    pub fn tracks(&self) -> Vec<Arc<Track>> {
        let list = self.list();
        let mut tracks = self.library.tracks();
        tracks.sort_by_key(|track| list.index_of(track));
        tracks
    }

    /// The number of uploads, and the bytes of all of them.
    pub fn size(&self) -> (usize, u64) {
        let list = self.list();
        (list.files.len(), list.bytes())
    }

    /// Removes an upload.
    ///
    /// # Errors
    /// [`UploadError::NoUpload`], [`UploadError::Io`].
    pub fn remove(&self, id: &str) -> Result<(), UploadError> {
        let mut list = self.list();
        let track = self.library.track(id).ok();
        let Some(n) = track.and_then(|track| list.index_of(&track)) else {
            return Err(UploadError::NoUpload { id: id.escape_debug().to_string() });
        };
        self.folder.remove(&list.files[n].0)?;
        list.files.remove(n);
        self.library.scan();
        Ok(())
    }

    /// Removes all uploads and files that are being received. It is called when the server ends.
    pub fn end(&self) {
        self.folder.end();
    }

    /// The path of a file in a folder of the uploads.
    pub(super) fn path(&self, folder: &Path, name: &str) -> PathBuf {
        self.folder.path().join(folder).join(name)
    }

    /// Reserves room for a file of `bytes` bytes. If there is not enough room, the oldest uploads are removed. Returns the name of a new
    /// folder for the file: each file has a folder of its own, because two files may have the same name.
    pub(super) fn reserve(&self, name: &str, bytes: u64) -> Result<PathBuf, UploadError> {
        if bytes > MOST_BYTES {
            return Err(UploadError::TooLarge { name: name.to_owned(), bytes, most: MOST_BYTES });
        }
        let mut list = self.list();
        if list.receiving == MOST_AT_ONCE {
            return Err(LimitReached { what: "uploads", limit: MOST_AT_ONCE }.into());
        }
        if list.reserved + bytes > MOST_BYTES {
            return Err(UploadError::NoRoom { name: name.to_owned(), bytes });
        }
        let before = list.files.len();
        while list.bytes() + list.reserved + bytes > MOST_BYTES || list.files.len() + list.receiving >= MOST_FILES {
            let Some((oldest, _)) = list.files.front() else { break };
            self.folder.remove(oldest)?;
            list.files.pop_front();
        }
        if list.files.len() < before {
            self.library.scan();
        }
        list.reserved += bytes;
        list.receiving += 1;
        list.latest += 1;
        Ok(format!("upload-{}-{}", std::process::id(), list.latest).into())
    }

    /// Adds a file that was received to the library.
    pub(super) fn keep(&self, folder: &Path, name: &str, bytes: u64) -> Result<Arc<Track>, UploadError> {
        // The lock allows one scan at a time. Otherwise a scan that began before this file was complete could end later than this scan,
        // and would remove the file from the list again.
        let mut list = self.list();
        self.library.scan();
        let path = folder.join(name);
        if let Some(track) = self.library.tracks().into_iter().find(|track| *track.path == *path) {
            list.files.push_back((folder.to_owned(), bytes));
            return Ok(track);
        }
        let unreadable = self.library.unreadable().into_iter().find(|file| *file.path == *path);
        // The path on this server is of no use to the client.
        let path = self.library.root().join(&path).display().to_string();
        let problem = unreadable.map(|file| file.problem.replace(&path, "it"));
        let problem = problem.unwrap_or_else(|| "it was removed meanwhile".to_owned());
        Err(UploadError::NotMusic { name: name.to_owned(), problem })
    }

    /// Releases the reservation of a file. A file that is not kept is removed.
    pub(super) fn release(&self, folder: &Path, bytes: u64, keep: bool) {
        let mut list = self.list();
        if !keep {
            // If that fails, the file is removed later, with the folder of all uploads.
            let _ = self.folder.remove(folder);
            self.library.scan();
        }
        list.reserved -= bytes;
        list.receiving -= 1;
    }

    fn list(&self) -> MutexGuard<'_, FileList> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FileList {
    fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, bytes)| bytes).sum()
    }

    /// The index of a track in the list.
    fn index_of(&self, track: &Track) -> Option<usize> {
        self.files.iter().position(|(folder, _)| track.path.starts_with(folder))
    }
}
