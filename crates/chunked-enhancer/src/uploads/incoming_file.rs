//! A file that is being received.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use crowd_library::Track;

use super::error::UploadError;
use super::file_name::safe_name;
use super::uploaded_files::Uploads;

/// The name of a file until it is complete. It is hidden, so that scans skip it.
const PARTIAL: &str = ".part";

/// A file that is written to the disk while it is received. If this is dropped before [`finish`](Self::finish) succeeds, the file is
/// removed.
pub struct IncomingFile {
    reservation: Reservation,
    name: String,
    path: PathBuf,
    file: File,
    received: u64,
}

/// The bytes that are reserved for a file until this is dropped.
struct Reservation {
    uploads: Arc<Uploads>,
    folder: PathBuf,
    bytes: u64,
    kept: bool,
}

impl IncomingFile {
    /// Reserves room for a file of `bytes` bytes with the name `name`. If there is not enough room, the oldest uploads are removed.
    ///
    /// # Errors
    /// [`UploadError::NotMusic`] when the extension of the name is not that of a music file that can be read;
    /// [`UploadError::TooLarge`], [`UploadError::NoRoom`], [`UploadError::Busy`], [`UploadError::Io`].
    pub fn begin(uploads: &Arc<Uploads>, name: &str, bytes: u64) -> Result<Self, UploadError> {
        let name = safe_name(name)?;
        let folder = uploads.reserve(&name, bytes)?;
        let path = uploads.path(&folder, PARTIAL);
        let reservation = Reservation { uploads: uploads.clone(), folder, bytes, kept: false };
        let made = path.parent().map_or(Ok(()), fs::create_dir).and_then(|()| File::create(&path));
        match made {
            Ok(file) => Ok(Self { reservation, name, path, file, received: 0 }),
            Err(source) => Err(UploadError::Io { path, doing: "make", source }),
        }
    }

    fn io(&self, source: std::io::Error) -> UploadError {
        UploadError::Io { path: self.path.clone(), doing: "write", source }
    }

    /// Writes the next bytes.
    ///
    /// # Errors
    /// [`UploadError::Io`]; [`UploadError::TooLarge`] when there are more than reserved.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), UploadError> {
        self.received += bytes.len() as u64;
        if self.received > self.reservation.bytes {
            return Err(UploadError::TooLarge {
                name: self.name.clone(),
                bytes: self.received,
                most: self.reservation.bytes,
            });
        }
        self.file.write_all(bytes).map_err(|e| self.io(e))
    }

    /// Adds the file to the library, and returns its track.
    ///
    /// # Errors
    /// [`UploadError::Incomplete`]; [`UploadError::NotMusic`] with the fault of the file; [`UploadError::Io`].
    pub fn finish(mut self) -> Result<Arc<Track>, UploadError> {
        let (received, bytes) = (self.received, self.reservation.bytes);
        if received < bytes {
            return Err(UploadError::Incomplete { name: self.name, received, bytes });
        }
        fs::rename(&self.path, self.path.with_file_name(&self.name)).map_err(|e| self.io(e))?;
        let track = self.reservation.uploads.keep(&self.reservation.folder, &self.name, bytes)?;
        self.reservation.kept = true;
        Ok(track)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.uploads.release(&self.folder, self.bytes, self.kept);
    }
}
