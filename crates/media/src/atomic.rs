//! Atomic files: a file appears under its name complete or not at all.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, PersistError};

use crate::{Error, ErrorKind};

/// A file that is written under a hidden temporary name in its folder, and gets its own name on [`commit`](Self::commit). If it is
/// dropped without `commit`, it is removed, and an older file of its name stays unchanged.
///
/// Writes are not buffered. For small writes, wrap the file in a [`std::io::BufWriter`].
#[derive(Debug)]
#[must_use = "the file gets its name on `commit`"]
pub struct AtomicFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl AtomicFile {
    /// Starts a file that gets the name `path` on [`commit`](Self::commit). The folder must exist.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when the directory does not exist, [`ErrorKind::NotAFile`] when `path` names no file, or the system's
    /// error.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let Some(name) = path.file_name() else {
            let advice = "name a file, not a directory";
            let error = Error::refusal(ErrorKind::NotAFile, "the output path", path.display().to_string(), advice);
            return Err(error.with_path(path));
        };
        let prefix = format!(".{}.", name.to_string_lossy());
        let mut builder = Builder::new();
        builder.prefix(&prefix).suffix(".part");
        // Temporary files are private by default. The finished file gets the permissions that the umask grants any new file.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(directory(path)).map_err(|e| Error::io(path, "create", e))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// The path that the file gets on [`commit`](Self::commit).
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Syncs the content to disk, gives the file its name, and syncs the directory. An older file of this name is replaced.
    ///
    /// # Errors
    /// The system's error, such as [`ErrorKind::DiskFull`]. After an error of the first two steps, the temporary file is removed and an
    /// older file is unchanged. If only syncing the directory failed, the file has its name.
    pub fn commit(self) -> Result<(), Error> {
        self.finish(|file, path| file.persist(path))
    }

    /// As [`commit`](Self::commit), but an existing file of this name is never replaced, not even if it was made after
    /// [`create`](Self::create).
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] when a file of that name exists; otherwise as [`commit`](Self::commit).
    pub fn commit_new(self) -> Result<(), Error> {
        self.finish(|file, path| file.persist_noclobber(path))
    }

    fn finish(self, name: impl FnOnce(NamedTempFile, &Path) -> Result<File, PersistError>) -> Result<(), Error> {
        let Self { file, path } = self;
        file.as_file().sync_all().map_err(|e| Error::io(path.clone(), "sync", e))?;
        name(file, &path).map_err(|e| Error::io(path.clone(), "rename to", e.error))?;
        // Only Unix lets a directory be opened and synced; elsewhere the rename is as durable as the system makes it.
        if cfg!(unix) {
            let synced = File::open(directory(&path)).and_then(|d| d.sync_all());
            synced.map_err(|e| Error::io(path.clone(), "sync the directory of", e))?;
        }
        Ok(())
    }
}

/// Writes `bytes` to the file `path`, which appears complete or not at all.
///
/// # Errors
/// Those of [`AtomicFile::create`] and [`AtomicFile::commit`], or the system's error when the bytes cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).map_err(|e| Error::io(path, "write", e))?;
    file.commit()
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file_mut().flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.as_file_mut().seek(to)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn without_commit_no_file_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mix.wav");
        fs::write(&path, b"older").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"newer").unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "the temporary file is in the same directory");
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"older");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn commit_new_leaves_a_file_that_was_made_meanwhile() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mix.wav");
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"newer").unwrap();
        fs::write(&path, b"older").unwrap();
        assert_eq!(*file.commit_new().unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!((fs::read(&path).unwrap(), fs::read_dir(dir.path()).unwrap().count()), (b"older".to_vec(), 1));
        let fresh = dir.path().join("fresh.wav");
        AtomicFile::create(&fresh).unwrap().commit_new().unwrap();
        assert_eq!(fs::metadata(&fresh).unwrap().len(), 0);
    }

    #[test]
    fn commit_replaces_the_older_file_in_one_step() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mix.wav");
        fs::write(&path, b"older").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"newer").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"older");
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"newer");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_finished_file_is_as_readable_as_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (plain, atomic) = (dir.path().join("plain"), dir.path().join("atomic"));
        fs::write(&plain, b"").unwrap();
        AtomicFile::create(&atomic).unwrap().commit().unwrap();
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&atomic), mode(&plain));
    }

    #[test]
    fn a_missing_directory_is_named_in_the_error() {
        let path = Path::new("/nonexistent/mix.wav");
        let error = AtomicFile::create(path).unwrap_err();
        assert_eq!((error.kind(), error.path()), (&ErrorKind::NotFound, Some(path)));
        assert!(error.to_string().contains("/nonexistent/mix.wav"), "{error}");
        assert_eq!(*AtomicFile::create(Path::new("/")).unwrap_err().kind(), ErrorKind::NotAFile);
    }
}
