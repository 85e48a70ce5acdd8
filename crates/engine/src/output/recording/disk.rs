//! The file operations of a recording. Tests replace them by disks that become full or hang.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use crowd_media::Truncate;

/// The place where recordings are written.
pub(crate) trait Disk: Send + 'static {
    /// An open file.
    type File: Truncate + Send;

    /// Creates a file that did not exist.
    ///
    /// # Errors
    /// The system's error. It is `AlreadyExists` when there is a file of this name.
    fn create(&mut self, path: &Path) -> io::Result<Self::File>;

    /// Makes the written frames safe from a power failure. With `path`, the name of the file is made safe, too.
    ///
    /// # Errors
    /// The system's error.
    fn sync(&mut self, file: &mut Self::File, path: Option<&Path>) -> io::Result<()>;

    /// Removes a file that this recording has created and that has no sound.
    ///
    /// # Errors
    /// The system's error.
    fn remove(&mut self, path: &Path) -> io::Result<()>;

    /// Whether the file still has a name.
    fn is_named(&self, file: &Self::File) -> bool;
}

/// The file system.
pub(crate) struct FileSystem;

impl Disk for FileSystem {
    type File = File;

    fn create(&mut self, path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }

    fn sync(&mut self, file: &mut File, path: Option<&Path>) -> io::Result<()> {
        file.sync_data()?;
        // Only Unix can open and sync a folder. On other systems nothing more can be done for the name.
        match path {
            Some(path) if cfg!(unix) => File::open(folder(path))?.sync_all(),
            _ => Ok(()),
        }
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    #[cfg(unix)]
    fn is_named(&self, file: &File) -> bool {
        use std::os::unix::fs::MetadataExt;
        file.metadata().is_ok_and(|data| data.nlink() > 0)
    }

    #[cfg(not(unix))]
    fn is_named(&self, _file: &File) -> bool {
        true
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
