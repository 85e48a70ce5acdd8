//! The lock on the partial file of a chunk, which is the right to make the chunk.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::FlockOperation;

/// Creates and locks the empty file `path`, and its directory when that is missing. Returns `None` when another writer has it
/// locked.
pub fn create(path: &Path) -> io::Result<Option<File>> {
    loop {
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = match opened {
            Ok(file) => file,
            // The directory does not exist yet, or was just removed with its last chunk.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                if let Some(directory) = path.parent() {
                    fs::create_dir_all(directory)?;
                    sync(directory.parent())?;
                }
                continue;
            }
            Err(e) => return Err(e),
        };
        if !try_lock(&file, path)? {
            return Ok(None);
        }
        if has_path(&file, path) {
            file.set_len(0)?;
            return Ok(Some(file));
        }
    }
}

/// Locks `file`. Returns `false` when it is locked already.
pub fn try_lock(file: &File, path: &Path) -> io::Result<bool> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(e) => {
            Err(io::Error::other(format!("{} cannot be locked: {e}; use a file system with locks", path.display())))
        }
    }
}

/// Whether `path` is still the path of `file`. The previous owner of the lock may have renamed or removed the file before it was
/// locked.
pub fn has_path(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(file), Ok(at_path)) => (file.dev(), file.ino()) == (at_path.dev(), at_path.ino()),
        _ => false,
    }
}

/// Syncs a directory, so that new names in it survive a loss of power.
pub fn sync(directory: Option<&Path>) -> io::Result<()> {
    directory.map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}
