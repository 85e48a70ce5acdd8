//! Hashes of the tables, reports, playlists and collections that earlier runs have written, so that no other file is
//! replaced without `--overwrite`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crowd_media::{Error, atomic};

use crate::partial_file;
use crate::record::{self, RECORDS_FOLDER};

/// The number of hashes that are kept for each path, the latest first. The earlier hash is needed if a run was killed
/// after it recorded the new hash and before it renamed the file.
const KEPT: usize = 2;

/// The hashes of the files that were written for one folder of excerpts.
#[derive(Debug)]
pub struct OutputHashes {
    file: PathBuf,
    by_path: BTreeMap<String, Vec<String>>,
}

impl OutputHashes {
    /// Reads the hashes for a folder of excerpts; there may be none yet.
    pub fn of(folder: &Path) -> Self {
        let file = path(folder);
        let bytes = fs::read(&file).unwrap_or_default();
        Self { file, by_path: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    /// Whether a file has the content that an earlier run wrote.
    pub fn is_ours(&self, path: &Path) -> bool {
        let hashes = self.by_path.get(&key(path)).map(Vec::as_slice).unwrap_or_default();
        !hashes.is_empty() && record::hash(path).is_ok_and(|hash| hashes.contains(&hash))
    }

    /// Whether a file may be replaced without `--overwrite`: it does not exist, or an earlier run wrote it.
    pub fn may_replace(&self, path: &Path) -> bool {
        fs::symlink_metadata(path).is_err() || self.is_ours(path)
    }

    /// Writes a file atomically and records its hash.
    ///
    /// # Errors
    /// The system's error when the file, or its hash, cannot be written.
    pub fn write(&mut self, path: &Path, content: &[u8]) -> Result<(), Error> {
        self.write_by(path, |partial| {
            atomic::write(partial, content).map_err(|error| partial_file::error_with_final_name(error, partial, path))
        })
    }

    /// Calls `make` to write a partial file, records the hash of that file, and renames it to `path`. The file appears
    /// complete or not at all.
    ///
    /// # Errors
    /// The errors of `make`, and the system's.
    pub fn write_by<E: From<Error>>(
        &mut self,
        path: &Path,
        make: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        let partial = partial_file::partial_path(path)?;
        make(&partial)?;
        let hashes = self.by_path.entry(key(path)).or_default();
        hashes.insert(0, record::hash(&partial)?);
        hashes.dedup();
        hashes.truncate(KEPT);
        let bytes = serde_json::to_vec(&self.by_path);
        let io = |source| Error::io(self.file.clone(), "write", source);
        atomic::write(&self.file, &bytes.map_err(|error| io(error.into()))?)?;
        partial_file::publish(partial, path, true)?;
        Ok(partial_file::sync_folders([path])?)
    }
}

/// The file that holds the hashes for a folder of excerpts.
pub fn path(folder: &Path) -> PathBuf {
    folder.join(RECORDS_FOLDER).join("outputs.json")
}

fn key(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_may_be_replaced_until_it_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(RECORDS_FOLDER)).unwrap();
        let file = folder.path().join("x.xml");
        let write = |text: &str| {
            OutputHashes::of(folder.path()).write(&file, text.as_bytes()).unwrap();
        };
        assert!(OutputHashes::of(folder.path()).may_replace(&file));
        fs::write(&file, "theirs").unwrap();
        assert!(!OutputHashes::of(folder.path()).may_replace(&file));
        write("one");
        assert!(OutputHashes::of(folder.path()).may_replace(&file));
        write("two");
        write("two");
        // A run that was killed before it renamed the file leaves this state.
        fs::write(&file, "one").unwrap();
        assert!(OutputHashes::of(folder.path()).may_replace(&file));
        fs::write(&file, "two, edited").unwrap();
        assert!(!OutputHashes::of(folder.path()).may_replace(&file));
    }
}
