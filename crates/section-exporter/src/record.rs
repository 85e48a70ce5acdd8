//! What earlier runs have made, so that it is not made again: a small file for each part, written when the part is complete.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crowd_media::{Error, atomic};
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;

/// The folder of records, among the parts.
const FOLDER: &str = ".section-export";
/// Raised whenever parts are made in another way than before.
const VERSION: u32 = 2;
/// Temporary files of runs that were killed are removed when they are older than this.
const ABANDONED: Duration = Duration::from_secs(600);

/// What a part was made from and is.
#[derive(Serialize, Deserialize)]
struct Record {
    version: u32,
    /// All that decides what the part is, as text: it is only compared.
    made_from: String,
    /// The files as they were when they were complete.
    files: Vec<Stamp>,
    outcome: Outcome,
}

/// A file that has not changed has the same of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamp {
    path: PathBuf,
    bytes: u64,
    /// When it was changed, in nanoseconds since 1970.
    modified: u128,
}

impl Stamp {
    /// Of a file that is there.
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
        Some(Self { path: path.to_owned(), bytes: metadata.len(), modified })
    }
}

/// The records of a folder of parts.
pub struct Records {
    folder: PathBuf,
}

impl Records {
    /// Those in `parts`, which exists; and removes what a run that was killed has left half written.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(parts: &Path) -> std::io::Result<Self> {
        let folder = parts.join(FOLDER);
        fs::create_dir_all(&folder)?;
        for folder in [parts, &parts.join("orig"), &folder] {
            sweep(folder);
        }
        Ok(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    /// What an earlier run has made, if it was made from the same and its files are still as it left them.
    pub fn find(&self, name: &str, made_from: &str) -> Option<Outcome> {
        let record: Record = serde_json::from_slice(&fs::read(self.path(name)).ok()?).ok()?;
        let same = record.version == VERSION && record.made_from == made_from;
        let unchanged = || record.files.iter().all(|file| Stamp::of(&file.path).as_ref() == Some(file));
        (same && unchanged()).then_some(record.outcome)
    }

    /// Forgets a part that is about to be made again.
    pub fn forget(&self, name: &str) {
        // One that is not there needs no forgetting; one that stays does not fit the files any more.
        let _missing = fs::remove_file(self.path(name));
    }

    /// Notes what was made. The files are complete.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub fn note(&self, name: &str, made_from: String, files: &[&Path], outcome: &Outcome) -> Result<(), Error> {
        let files = files.iter().filter_map(|path| Stamp::of(path)).collect();
        let record = Record { version: VERSION, made_from, files, outcome: outcome.clone() };
        let path = self.path(name);
        let io = |source| Error::Io { path: path.clone(), doing: "write", source };
        atomic::write(&path, &serde_json::to_vec(&record).map_err(|error| io(error.into()))?)
    }
}

/// Removes temporary files that nobody has written to for a while.
fn sweep(folder: &Path) {
    let old = |entry: &fs::DirEntry| {
        let changed = entry.metadata().and_then(|metadata| metadata.modified());
        changed.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > ABANDONED))
    };
    let ours = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        name.starts_with(b".") && name.ends_with(b".part")
    };
    // What cannot be looked at or removed harms nobody.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| ours(entry) && old(entry)) {
        let _stays = fs::remove_file(entry.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_known_again_until_something_changes() {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::open(folder.path()).unwrap();
        let part = folder.path().join("x_sectioned.wav");
        fs::write(&part, "sound").unwrap();
        let from = "x.wav at 122";
        assert!(records.find("x", from).is_none());
        records.note("x", from.to_owned(), &[&part], &Outcome::default()).unwrap();
        assert!(records.find("x", from).is_some());
        assert!(records.find("x", "x.wav at 123").is_none());
        assert!(records.find("y", from).is_none());
        fs::write(&part, "other sound").unwrap();
        assert!(records.find("x", from).is_none());
        records.note("x", from.to_owned(), &[&part], &Outcome::default()).unwrap();
        records.forget("x");
        assert!(records.find("x", from).is_none());
    }

    #[test]
    fn only_what_was_abandoned_is_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        let [old, new, other] = [".a.wav.x.part", ".b.wav.x.part", "c.part"].map(|name| folder.path().join(name));
        for file in [&old, &new, &other] {
            fs::write(file, "half").unwrap();
        }
        let hour_ago = SystemTime::now() - Duration::from_secs(3_600);
        for file in [&old, &other] {
            fs::File::options().write(true).open(file).unwrap().set_modified(hour_ago).unwrap();
        }
        Records::open(folder.path()).unwrap();
        assert_eq!([&old, &new, &other].map(|file| file.exists()), [false, true, true]);
    }
}
