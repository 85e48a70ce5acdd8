//! Files that are complete under a hidden name beside their place before they get their own.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crowd_media::Error;
use crowd_media::atomic::AtomicFile;
use tempfile::TempPath;

use crate::identity::folder_of;

/// A place beside the file `path` for what is to become it. What is there is removed when this is dropped; of a run that is
/// killed it is swept away by a later one.
///
/// # Errors
/// [`Error::Io`] when the program is nowhere.
pub fn beside(path: &Path) -> Result<TempPath, Error> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let hidden = folder_of(path).join(format!(".{name}.{}.part", std::process::id()));
    TempPath::try_from_path(hidden).map_err(|source| Error::Io { path: path.to_owned(), doing: "create", source })
}

/// An error about a staged file, as one about the file it was to become.
pub fn named(error: Error, staged: &Path, path: &Path) -> Error {
    match error {
        Error::Io { path: at, doing, source } if at == staged => Error::Io { path: path.to_owned(), doing, source },
        other => other,
    }
}

/// Gives a complete file its name. An existing file is replaced only when `replace` is given.
///
/// # Errors
/// [`Error::Io`], whose source is of the kind [`io::ErrorKind::AlreadyExists`] when a file is there that was not to be
/// replaced.
pub fn publish(staged: TempPath, path: &Path, replace: bool) -> Result<(), Error> {
    let io = |source| Error::Io { path: path.to_owned(), doing: "rename to", source };
    if replace {
        staged.persist(path).map_err(|error| io(error.error))
    } else {
        staged.persist_noclobber(path).map_err(|error| io(error.error))
    }
}

/// Makes the names of files in these folders last.
///
/// # Errors
/// [`Error::Io`] when a folder cannot be synced.
pub fn sync<'a>(files: impl IntoIterator<Item = &'a Path>) -> Result<(), Error> {
    let mut folders: Vec<PathBuf> = files.into_iter().map(|file| folder_of(file).to_owned()).collect();
    folders.dedup();
    // Only Unix lets a folder be opened and synced; elsewhere a rename lasts as well as the system makes it.
    for folder in folders.iter().filter(|_| cfg!(unix)) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|source| Error::Io { path: folder.clone(), doing: "sync", source })?;
    }
    Ok(())
}

/// Makes a folder and those around it, and sees whether files can be made in it.
///
/// # Errors
/// What the system says.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let made = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder);
    // The error of the crate names the file that was tried, which says nothing to the user.
    made.map(|_removed| ()).map_err(|error| error.kind().into())
}

/// Sees whether a file of this name can be made.
///
/// # Errors
/// What the system says.
pub fn try_name(path: &Path) -> io::Result<()> {
    let cause = |error: Error| match error {
        Error::Io { source, .. } => source,
        other => io::Error::other(other.to_string()),
    };
    beside(path).and_then(|staged| AtomicFile::create(&staged)).map(|_removed| ()).map_err(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_appeared_meanwhile_is_not_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wav");
        let staged = || {
            let staged = beside(&path).unwrap();
            fs::write(&staged, "new").unwrap();
            staged
        };
        fs::write(&path, "theirs").unwrap();
        let error = publish(staged(), &path, false).unwrap_err();
        assert!(matches!(&error, Error::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the new one is gone");
        publish(staged(), &path, true).unwrap();
        sync([path.as_path()]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }
}
