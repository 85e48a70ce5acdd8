//! Which tables, reports and collections earlier runs have written, so that nothing else is replaced unasked.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crowd_media::{Error, atomic};

use crate::record::{self, FOLDER};
use crate::staged;

/// The hashes of what was written to each path, the latest first. The one before is still there when a run was killed between
/// its note and its file.
const KEPT: usize = 2;

/// What was written beside the parts of a folder.
#[derive(Debug)]
pub struct Ledger {
    file: PathBuf,
    written: BTreeMap<String, Vec<String>>,
}

impl Ledger {
    /// That of a folder of parts, where there may be none yet.
    pub fn of(parts: &Path) -> Self {
        let file = path(parts);
        let bytes = fs::read(&file).unwrap_or_default();
        Self { file, written: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    /// Whether a file is as an earlier run wrote it.
    pub fn is_ours(&self, path: &Path) -> bool {
        let known = self.written.get(&key(path)).map(Vec::as_slice).unwrap_or_default();
        !known.is_empty() && record::hash(path).is_ok_and(|hash| known.contains(&hash))
    }

    /// Whether a file may be replaced unasked: it is not there, or an earlier run wrote it.
    pub fn may_replace(&self, path: &Path) -> bool {
        fs::symlink_metadata(path).is_err() || self.is_ours(path)
    }

    /// Writes a file with this content, whole or not at all, and notes it.
    ///
    /// # Errors
    /// [`Error::Io`] when it, or the note, cannot be written.
    pub fn write(&mut self, path: &Path, content: &[u8]) -> Result<(), Error> {
        self.write_by(path, |staged| atomic::write(staged, content).map_err(|error| staged::named(error, staged, path)))
    }

    /// Notes and names a file that `make` writes under the name it is given, whole or not at all.
    ///
    /// # Errors
    /// Those of `make`, and [`Error::Io`].
    pub fn write_by<E: From<Error>>(
        &mut self,
        path: &Path,
        make: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        let staged = staged::beside(path)?;
        make(&staged)?;
        let known = self.written.entry(key(path)).or_default();
        known.insert(0, record::hash(&staged)?);
        known.dedup();
        known.truncate(KEPT);
        let bytes = serde_json::to_vec(&self.written);
        let io = |source| Error::Io { path: self.file.clone(), doing: "write", source };
        atomic::write(&self.file, &bytes.map_err(|error| io(error.into()))?)?;
        staged::publish(staged, path, true)?;
        Ok(staged::sync([path])?)
    }
}

/// Where the ledger of a folder of parts lies.
pub fn path(parts: &Path) -> PathBuf {
    parts.join(FOLDER).join("outputs.json")
}

fn key(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_may_be_replaced_until_it_is_changed() {
        let parts = tempfile::tempdir().unwrap();
        fs::create_dir(parts.path().join(FOLDER)).unwrap();
        let file = parts.path().join("x.xml");
        let write = |text: &str| {
            Ledger::of(parts.path()).write(&file, text.as_bytes()).unwrap();
        };
        assert!(Ledger::of(parts.path()).may_replace(&file));
        fs::write(&file, "theirs").unwrap();
        assert!(!Ledger::of(parts.path()).may_replace(&file));
        write("one");
        assert!(Ledger::of(parts.path()).may_replace(&file));
        write("two");
        write("two");
        // As a run leaves it that is killed before the file has its name.
        fs::write(&file, "one").unwrap();
        assert!(Ledger::of(parts.path()).may_replace(&file));
        fs::write(&file, "two, edited").unwrap();
        assert!(!Ledger::of(parts.path()).may_replace(&file));
    }
}
