//! The right to make a chunk: a lock on the file that it is made in.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::FlockOperation;

/// The empty file `path`, locked, or none when another maker has it. Its directory is made when it is missing.
pub fn create(path: &Path) -> io::Result<Option<File>> {
    loop {
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = match opened {
            Ok(file) => file,
            // Missing, or just removed with its last chunk.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                if let Some(directory) = path.parent() {
                    fs::create_dir_all(directory)?;
                    sync(directory.parent())?;
                }
                continue;
            }
            Err(e) => return Err(e),
        };
        if !take(&file, path)? {
            return Ok(None);
        }
        if is_at(&file, path) {
            file.set_len(0)?;
            return Ok(Some(file));
        }
    }
}

/// Locks `file`, if it is not locked yet.
pub fn take(file: &File, path: &Path) -> io::Result<bool> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(e) => {
            Err(io::Error::other(format!("{} cannot be locked: {e}; use a file system with locks", path.display())))
        }
    }
}

/// Whether `file` is still the one called `path`: its last owner may have renamed or removed it before the lock was taken.
pub fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Makes a change of names in a directory outlive a loss of power.
pub fn sync(directory: Option<&Path>) -> io::Result<()> {
    directory.map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}
