//! A file while it is received.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use crowd_library::Track;

use super::error::UploadError;
use super::name;
use super::shelf::Uploads;

/// The name of a file until it is whole: hidden, so that scans leave it out.
const PART: &str = ".part";

/// A file that is being received, straight to the disk. What was written is removed with it, unless it was finished.
pub struct Incoming {
    room: Room,
    name: String,
    path: PathBuf,
    file: File,
    got: u64,
}

/// What is reserved for it, and given back with it.
struct Room {
    uploads: Arc<Uploads>,
    folder: PathBuf,
    bytes: u64,
    kept: bool,
}

impl Incoming {
    /// Makes room for a file of so many bytes that is called `name` where it comes from. The oldest uploads are removed for it.
    ///
    /// # Errors
    /// [`UploadError::NotMusic`] by its name, [`UploadError::TooLarge`], [`UploadError::NoRoom`] while others are received,
    /// [`UploadError::Busy`], [`UploadError::Io`].
    pub fn begin(uploads: &Arc<Uploads>, name: &str, bytes: u64) -> Result<Self, UploadError> {
        let name = name::plain(name)?;
        let folder = uploads.reserve(&name, bytes)?;
        let path = uploads.path(&folder, PART);
        let room = Room { uploads: uploads.clone(), folder, bytes, kept: false };
        let made = path.parent().map_or(Ok(()), fs::create_dir).and_then(|()| File::create(&path));
        match made {
            Ok(file) => Ok(Self { room, name, path, file, got: 0 }),
            Err(source) => Err(UploadError::Io { path, doing: "make", source }),
        }
    }

    fn io(&self, source: std::io::Error) -> UploadError {
        UploadError::Io { path: self.path.clone(), doing: "write", source }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`UploadError::Io`]; [`UploadError::TooLarge`] when there are more than announced.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), UploadError> {
        self.got += bytes.len() as u64;
        if self.got > self.room.bytes {
            return Err(UploadError::TooLarge { name: self.name.clone(), bytes: self.got, most: self.room.bytes });
        }
        self.file.write_all(bytes).map_err(|e| self.io(e))
    }

    /// The track it is.
    ///
    /// # Errors
    /// [`UploadError::Incomplete`]; [`UploadError::NotMusic`] with what is wrong with it; [`UploadError::Io`].
    pub fn finish(mut self) -> Result<Arc<Track>, UploadError> {
        let (got, bytes) = (self.got, self.room.bytes);
        if got < bytes {
            return Err(UploadError::Incomplete { name: self.name, got, bytes });
        }
        fs::rename(&self.path, self.path.with_file_name(&self.name)).map_err(|e| self.io(e))?;
        let track = self.room.uploads.keep(&self.room.folder, &self.name, bytes)?;
        self.room.kept = true;
        Ok(track)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.uploads.release(&self.folder, self.bytes, self.kept);
    }
}
