//! Small values that are costly to find out again: what a track measured like, for instance.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{StoreError, of_file};
use crate::folder::Folder;
use crate::key::Key;

/// Records there may be of a kind. Beyond it the oldest go, an eighth at a time.
const LIMIT: usize = 20_000;
/// Hexadecimal digits of the checksum, and the end of its line.
const CHECKSUM: usize = 65;

/// Records by kind and key, each in a file of its own: `<kind>/<key>`, whose first line is the BLAKE3 of its name and of all
/// that follows. They are made for JSON of a few kilobytes.
#[derive(Debug)]
pub struct Records {
    directory: PathBuf,
    limit: usize,
    /// How many there are of each kind.
    counts: Mutex<HashMap<&'static str, usize>>,
}

impl Records {
    /// The records in `directory`, which is made when it is missing. Only `kinds` are kept there, each a plain word.
    ///
    /// # Errors
    /// [`StoreError`] when the directory cannot be made or read.
    pub fn open(directory: &Path, kinds: &[&'static str]) -> Result<Self, StoreError> {
        let mut counts = HashMap::new();
        for kind in kinds {
            let folder = Folder::new(directory.join(kind));
            folder.sweep();
            let listed = fs::create_dir_all(folder.path()).and_then(|()| folder.files());
            let listed = listed.map_err(|e| of_file("cannot open the directory of records", folder.path(), &e))?;
            counts.insert(*kind, listed.len());
        }
        Ok(Self { directory: directory.to_owned(), limit: LIMIT, counts: Mutex::new(counts) })
    }

    /// What was put under this name. A damaged record is removed and not there.
    pub fn get(&self, kind: &'static str, key: &Key) -> Option<Vec<u8>> {
        let (folder, name) = (self.folder(kind), key.to_string());
        let mut bytes = folder.read(&name)?;
        if bytes.len() < CHECKSUM || bytes[..CHECKSUM] != *line(kind, key, &bytes[CHECKSUM..]).as_bytes() {
            let path = folder.file(&name);
            tracing::warn!("removed the record {}: its checksum is another", path.display());
            if fs::remove_file(&path).is_ok() {
                self.counts().entry(kind).and_modify(|count| *count = count.saturating_sub(1));
            }
            return None;
        }
        Some(bytes.split_off(CHECKSUM))
    }

    /// Keeps `value`, in place of what was there, whole or not at all.
    ///
    /// # Errors
    /// [`StoreError`]: a full disk, mostly. What was there is still there.
    pub fn put(&self, kind: &'static str, key: &Key, value: &[u8]) -> Result<(), StoreError> {
        let (folder, name) = (self.folder(kind), key.to_string());
        let path = folder.file(&name);
        let new = !path.exists();
        folder.write(&name, &[line(kind, key, value).as_bytes(), value].concat()).map_err(|e| StoreError {
            what: "cannot keep the record",
            name: path.display().to_string(),
            cause: e.to_string(),
        })?;
        let count = {
            let mut counts = self.counts();
            let count = counts.entry(kind).or_default();
            *count += usize::from(new);
            *count
        };
        if count > self.limit {
            self.thin(kind);
        }
        Ok(())
    }

    /// Removes the oldest of a kind.
    fn thin(&self, kind: &'static str) {
        let folder = self.folder(kind);
        folder.sweep();
        let Ok(mut files) = folder.files() else { return };
        files.sort_unstable();
        let surplus = files.len().saturating_sub(self.limit - self.limit / 8);
        for (_, path) in files.drain(..surplus) {
            let _ = fs::remove_file(path);
        }
        self.counts().insert(kind, files.len());
    }

    fn folder(&self, kind: &str) -> Folder {
        Folder::new(self.directory.join(kind))
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<&'static str, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first line of a record.
fn line(kind: &str, key: &Key, value: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes()).update(&key.0).update(value);
    format!("{}\n", hasher.finalize().to_hex())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_record_comes_back_as_it_was_put_also_after_a_restart() {
        let home = tempfile::tempdir().unwrap();
        let open = || Records::open(home.path(), &["analysis", "content"]).unwrap();
        let records = open();
        assert_eq!(records.get("analysis", &Key([1; 32])), None);
        records.put("analysis", &Key([1; 32]), br#"{"lufs":-9.5}"#).unwrap();
        records.put("content", &Key([1; 32]), b"").unwrap();
        records.put("analysis", &Key([1; 32]), br#"{"lufs":-9.6}"#).unwrap();
        for records in [&records, &open()] {
            assert_eq!(records.get("analysis", &Key([1; 32])).unwrap(), br#"{"lufs":-9.6}"#);
            assert_eq!(records.get("content", &Key([1; 32])).unwrap(), b"");
            assert_eq!(records.get("content", &Key([2; 32])), None);
        }
        assert_eq!(open().counts()["analysis"], 1);
    }

    #[test]
    fn a_damaged_record_or_one_under_another_name_is_not_there() {
        let home = tempfile::tempdir().unwrap();
        let records = Records::open(home.path(), &["analysis"]).unwrap();
        let path = records.folder("analysis").file(&Key([1; 32]).to_string());
        let damages: [fn(&mut Vec<u8>); 3] =
            [|bytes| bytes[70] ^= 1, |bytes| bytes.truncate(60), |bytes| bytes.clear()];
        for damage in damages {
            records.put("analysis", &Key([1; 32]), b"0123456789").unwrap();
            let mut bytes = fs::read(&path).unwrap();
            damage(&mut bytes);
            fs::write(&path, bytes).unwrap();
            assert_eq!(records.get("analysis", &Key([1; 32])), None);
            assert!(!path.exists());
        }
        records.put("analysis", &Key([1; 32]), b"0123456789").unwrap();
        fs::copy(&path, records.folder("analysis").file(&Key([2; 32]).to_string())).unwrap();
        assert_eq!(records.get("analysis", &Key([2; 32])), None);
        assert!(records.get("analysis", &Key([1; 32])).is_some());
    }

    #[test]
    fn there_are_never_many_more_than_the_limit_and_the_newest_stay() {
        let home = tempfile::tempdir().unwrap();
        let mut records = Records::open(home.path(), &["analysis"]).unwrap();
        records.limit = 16;
        for key in 0..100 {
            records.put("analysis", &Key([key; 32]), b"{}").unwrap();
            let written = SystemTime::UNIX_EPOCH + Duration::from_secs(key.into());
            fs::File::open(records.folder("analysis").file(&Key([key; 32]).to_string()))
                .unwrap()
                .set_modified(written)
                .unwrap();
            assert!(fs::read_dir(home.path().join("analysis")).unwrap().count() <= 16);
        }
        assert!(records.get("analysis", &Key([98; 32])).is_some());
        assert!(records.get("analysis", &Key([50; 32])).is_none());
    }
}
