//! Partial files. They have a hidden name in the folder of their final path, and are renamed when they are complete.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crowd_media::Error;
use crowd_media::atomic::AtomicFile;
use tempfile::TempPath;

use crate::file_identity::folder_of;

/// A partial file for the file `path`. It is removed when the value is dropped. The leftover of a killed run is removed
/// by a later run.
///
/// # Errors
/// The system's error when the current folder is not known.
pub fn partial_path(path: &Path) -> Result<TempPath, Error> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let hidden = folder_of(path).join(format!(".{name}.{}.part", std::process::id()));
    TempPath::try_from_path(hidden).map_err(|source| Error::io(path, "create", source))
}

/// Turns an error about a partial file into one about its final path.
pub fn error_with_final_name(error: Error, partial: &Path, path: &Path) -> Error {
    if error.path() == Some(partial) { error.with_path(path) } else { error }
}

/// Renames a complete file to its final name. An existing file is replaced only if `replace` is true.
///
/// # Errors
/// [`AlreadyExists`](crowd_media::ErrorKind::AlreadyExists) when a file exists that must not be
/// replaced.
pub fn publish(partial: TempPath, path: &Path, replace: bool) -> Result<(), Error> {
    let io = |source| Error::io(path, "rename to", source);
    if replace {
        partial.persist(path).map_err(|error| io(error.error))
    } else {
        partial.persist_noclobber(path).map_err(|error| io(error.error))
    }
}

/// Syncs the folders of these files, so that their names survive a crash.
///
/// # Errors
/// The system's error when a folder cannot be synced.
pub fn sync_folders<'a>(files: impl IntoIterator<Item = &'a Path>) -> Result<(), Error> {
    let mut folders: Vec<PathBuf> = files.into_iter().map(|file| folder_of(file).to_owned()).collect();
    folders.dedup();
    // Only Unix can open and sync a folder; elsewhere the system decides when a rename is durable.
    for folder in folders.iter().filter(|_| cfg!(unix)) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|source| Error::io(folder.clone(), "sync", source))?;
    }
    Ok(())
}

/// Makes a folder and its parents, and checks that files can be made in it.
///
/// # Errors
/// The error of the system.
pub fn make_writable_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let probe = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder);
    // Only the kind of the error is kept, because its text names the temporary file, which the user does not know.
    probe.map(|_removed| ()).map_err(|error| error.kind().into())
}

/// Checks that a file of this name can be made.
///
/// # Errors
/// The error of the system.
pub fn check_name(path: &Path) -> io::Result<()> {
    Ok(partial_path(path).and_then(|partial| AtomicFile::create(&partial)).map(|_removed| ())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_appeared_meanwhile_is_not_replaced_without_overwrite() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wav");
        let partial = || {
            let partial = partial_path(&path).unwrap();
            fs::write(&partial, "new").unwrap();
            partial
        };
        fs::write(&path, "theirs").unwrap();
        let error = publish(partial(), &path, false).unwrap_err();
        assert_eq!(*error.kind(), crowd_media::ErrorKind::AlreadyExists, "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the new one is gone");
        publish(partial(), &path, true).unwrap();
        sync_folders([path.as_path()]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }
}
