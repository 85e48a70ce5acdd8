//! Records: small values that are costly to compute again, like the measurements of a track.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{StoreError, of_file};
use crate::file_folder::FileFolder;
use crate::key::StoreKey;

/// The most records of a kind. When there are more, the oldest eighth of them is removed.
const LIMIT: usize = 20_000;
/// The bytes of the first line: the checksum in hexadecimal digits, and the end of the line.
const CHECKSUM: usize = 65;

/// Records by kind and key. Each is a file `<kind>/<key>`, whose first line is the BLAKE3 of its name and of all that follows. They
/// are intended for JSON of a few kilobytes.
#[derive(Debug)]
pub struct Records {
    directory: PathBuf,
    limit: usize,
    /// The number of records of each kind.
    counts: Mutex<HashMap<&'static str, usize>>,
}

impl Records {
    /// Opens the records in `directory`, and creates the directory when it is missing. It has a folder for each of `kinds`, which must be
    /// plain words.
    ///
    /// # Errors
    /// [`StoreError`] when the directory cannot be created or read.
    pub fn open(directory: &Path, kinds: &[&'static str]) -> Result<Self, StoreError> {
        let mut counts = HashMap::new();
        for kind in kinds {
            let folder = FileFolder::new(directory.join(kind));
            folder.sweep();
            let listed = fs::create_dir_all(folder.path()).and_then(|()| folder.files());
            let listed = listed.map_err(|e| of_file("cannot open the directory of records", folder.path(), &e))?;
            counts.insert(*kind, listed.len());
        }
        Ok(Self { directory: directory.to_owned(), limit: LIMIT, counts: Mutex::new(counts) })
    }

    /// The value of a record. A damaged record is removed, and the result is `None`.
    pub fn get(&self, kind: &'static str, key: &StoreKey) -> Option<Vec<u8>> {
        let (folder, name) = (self.folder(kind), key.to_string());
        let mut bytes = folder.read(&name)?;
        if bytes.len() < CHECKSUM || bytes[..CHECKSUM] != *checksum_line(kind, key, &bytes[CHECKSUM..]).as_bytes() {
            let path = folder.file(&name);
            tracing::warn!("removed the record {}: its checksum is wrong", path.display());
            if fs::remove_file(&path).is_ok() {
                self.counts().entry(kind).and_modify(|count| *count = count.saturating_sub(1));
            }
            return None;
        }
        Some(bytes.split_off(CHECKSUM))
    }

    /// Writes a record completely or not at all, in place of the previous one.
    ///
    /// # Errors
    /// [`StoreError`], mostly because the disk is full. The previous record then stays.
    pub fn put(&self, kind: &'static str, key: &StoreKey, value: &[u8]) -> Result<(), StoreError> {
        let (folder, name) = (self.folder(kind), key.to_string());
        let path = folder.file(&name);
        let new = !path.exists();
        folder.write(&name, &[checksum_line(kind, key, value).as_bytes(), value].concat()).map_err(|e| StoreError {
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
            self.remove_oldest(kind);
        }
        Ok(())
    }

    /// Removes the oldest records of a kind.
    fn remove_oldest(&self, kind: &'static str) {
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

    fn folder(&self, kind: &str) -> FileFolder {
        FileFolder::new(self.directory.join(kind))
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<&'static str, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first line of a record.
fn checksum_line(kind: &str, key: &StoreKey, value: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes()).update(&key.0).update(value);
    format!("{}\n", hasher.finalize().to_hex())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_also_after_a_restart() {
        let home = tempfile::tempdir().unwrap();
        let open = || Records::open(home.path(), &["analysis", "content"]).unwrap();
        let records = open();
        assert_eq!(records.get("analysis", &StoreKey([1; 32])), None);
        records.put("analysis", &StoreKey([1; 32]), br#"{"lufs":-9.5}"#).unwrap();
        records.put("content", &StoreKey([1; 32]), b"").unwrap();
        records.put("analysis", &StoreKey([1; 32]), br#"{"lufs":-9.6}"#).unwrap();
        for records in [&records, &open()] {
            assert_eq!(records.get("analysis", &StoreKey([1; 32])).unwrap(), br#"{"lufs":-9.6}"#);
            assert_eq!(records.get("content", &StoreKey([1; 32])).unwrap(), b"");
            assert_eq!(records.get("content", &StoreKey([2; 32])), None);
        }
        assert_eq!(open().counts()["analysis"], 1);
    }

    #[test]
    fn a_damaged_record_or_one_under_another_name_is_not_returned() {
        let home = tempfile::tempdir().unwrap();
        let records = Records::open(home.path(), &["analysis"]).unwrap();
        let path = records.folder("analysis").file(&StoreKey([1; 32]).to_string());
        let damages: [fn(&mut Vec<u8>); 3] =
            [|bytes| bytes[70] ^= 1, |bytes| bytes.truncate(60), |bytes| bytes.clear()];
        for damage in damages {
            records.put("analysis", &StoreKey([1; 32]), b"0123456789").unwrap();
            let mut bytes = fs::read(&path).unwrap();
            damage(&mut bytes);
            fs::write(&path, bytes).unwrap();
            assert_eq!(records.get("analysis", &StoreKey([1; 32])), None);
            assert!(!path.exists());
        }
        records.put("analysis", &StoreKey([1; 32]), b"0123456789").unwrap();
        fs::copy(&path, records.folder("analysis").file(&StoreKey([2; 32]).to_string())).unwrap();
        assert_eq!(records.get("analysis", &StoreKey([2; 32])), None);
        assert!(records.get("analysis", &StoreKey([1; 32])).is_some());
    }

    #[test]
    fn there_are_never_more_than_the_limit_and_the_newest_stay() {
        let home = tempfile::tempdir().unwrap();
        let mut records = Records::open(home.path(), &["analysis"]).unwrap();
        records.limit = 16;
        for key in 0..100 {
            records.put("analysis", &StoreKey([key; 32]), b"{}").unwrap();
            let written = SystemTime::UNIX_EPOCH + Duration::from_secs(key.into());
            fs::File::open(records.folder("analysis").file(&StoreKey([key; 32]).to_string()))
                .unwrap()
                .set_modified(written)
                .unwrap();
            assert!(fs::read_dir(home.path().join("analysis")).unwrap().count() <= 16);
        }
        assert!(records.get("analysis", &StoreKey([98; 32])).is_some());
        assert!(records.get("analysis", &StoreKey([50; 32])).is_none());
    }
}
