//! Files that are locked. The system unlocks them when a process is killed.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::Error;

/// Opens a file to be locked, which is made if it does not exist.
pub fn open(path: &Path) -> Result<File, Error> {
    let file = File::options().create(true).append(true).open(path);
    file.map_err(|error| Error::io(path, "open", error))
}

/// Locks a file as long as the returned value exists; `None` if another process has locked it.
pub fn try_lock(path: &Path) -> Result<Option<File>, Error> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(Error::io(path, "lock", error)),
    }
}
