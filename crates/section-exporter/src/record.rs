//! What earlier runs have made, so that it is not made again, and so that nothing else is replaced: a small file for each
//! part, written before the part's files get their names.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crowd_library::ContentHash;
use crowd_media::Error;
use crowd_store::FileFolder;
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::stamp::Stamp;

/// The folder of records, among the parts.
pub const FOLDER: &str = ".section-export";
/// Raised whenever parts are made in another way than before.
const VERSION: u32 = 3;

/// Which of a part's files one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The part as it is in the track.
    Original,
    /// The part at the target tempo.
    Part,
    /// Its picture.
    Picture,
}

/// The hash of a file's content, in hexadecimal.
///
/// # Errors
/// [`Error::Io`] when it cannot be read.
pub fn hash(path: &Path) -> Result<String, Error> {
    let io = |source| Error::Io { path: path.to_owned(), doing: "read", source };
    let hash = File::open(path).and_then(|file| ContentHash::of(&file)).map_err(io)?;
    Ok(hash.to_string())
}

/// A file that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Made {
    role: Role,
    name: String,
    hash: String,
    /// Absent until it has its name.
    stamp: Option<Stamp>,
}

/// What there is under the name of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Absent,
    /// What the latest run made.
    Latest,
    /// What an earlier run made.
    Earlier,
    /// What a run made and was changed or replaced since.
    Edited,
    /// What no run has made.
    Foreign,
}

impl State {
    /// Whether it may be replaced unasked.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Absent | Self::Latest | Self::Earlier)
    }
}

/// What is known of a part.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Record {
    version: u32,
    /// All that decides what the part is, as text: it is only compared.
    made_from: String,
    /// The files, the latest first.
    files: Vec<Made>,
    outcome: Outcome,
}

impl Record {
    /// What the part is, if the latest run made it from this.
    pub fn made_from(&self, made_from: &str) -> Option<&Outcome> {
        (self.version == VERSION && self.made_from == made_from).then_some(&self.outcome)
    }

    /// What the records of a folder say of a part; nothing when its record is not there or cannot be read.
    pub fn read(records: &FileFolder, name: &str) -> Self {
        let bytes = records.read(&file_of(name)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Puts it among the records of a folder.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be written.
    pub fn write(&self, records: &FileFolder, name: &str) -> Result<(), Error> {
        let name = file_of(name);
        let failed = |source| Error::Io { path: records.file(&name), doing: "write", source };
        let bytes = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        records.write(&name, &bytes)
    }

    /// What lies under the name of one of its files. A file whose stamp is not known is read.
    pub fn state(&self, role: Role, path: &Path) -> State {
        if fs::symlink_metadata(path).is_err() {
            return State::Absent;
        }
        let name = file_name(path);
        let mut made = self.files.iter().filter(|made| made.role == role && made.name == name).peekable();
        if made.peek().is_none() {
            return State::Foreign;
        }
        let (stamp, mut content) = (Stamp::of(path), None);
        let is = |made: &Made| {
            let same = stamp.is_some() && made.stamp == stamp;
            same || content.get_or_insert_with(|| hash(path).ok()).as_ref() == Some(&made.hash)
        };
        match made.position(is) {
            Some(0) => State::Latest,
            Some(_) => State::Earlier,
            None => State::Edited,
        }
    }

    /// The record of a part that is about to be replaced: `files` are complete under names of their own.
    ///
    /// # Errors
    /// [`Error::Io`] when they cannot be read.
    pub fn followed_by(
        &self,
        made_from: String,
        files: &[(Role, &Path, &Path)],
        outcome: &Outcome,
    ) -> Result<Self, Error> {
        let mut made = Vec::new();
        for &(role, staged, path) in files {
            made.push(Made { role, name: file_name(path), hash: hash(staged)?, stamp: None });
        }
        // Those before are still there until the new ones have their names, and for good where these are others.
        for before in &self.files {
            let same = made.iter().filter(|made| made.role == before.role && made.name == before.name);
            if same.clone().count() < 2 && !same.clone().any(|made| made.hash == before.hash) {
                made.push(before.clone());
            }
        }
        Ok(Self { version: VERSION, made_from, files: made, outcome: outcome.clone() })
    }

    /// Notes the stamps of files that have their names; true when one of them was not noted yet.
    pub fn stamp(&mut self, files: &[(Role, PathBuf)]) -> bool {
        let mut news = false;
        for (role, path) in files {
            let (name, stamp) = (file_name(path), Stamp::of(path));
            if let Some(made) = self.files.iter_mut().find(|made| made.role == *role && made.name == name) {
                news |= made.stamp != stamp;
                made.stamp = stamp;
            }
        }
        news
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The records of a folder of parts, where there may be none yet.
pub fn records(parts: &Path) -> FileFolder {
    FileFolder::new(parts.join(FOLDER))
}

/// Where the record of a part among `parts` lies.
pub fn path(parts: &Path, name: &str) -> PathBuf {
    records(parts).file(&file_of(name))
}

fn file_of(name: &str) -> String {
    format!("{name}.json")
}

/// Removes what runs that were killed have left half written.
pub fn sweep(parts: &Path) {
    for folder in [parts, &parts.join("orig"), records(parts).path()] {
        FileFolder::new(folder).sweep();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    /// A folder with the record of a part that is made of "sound" there.
    fn made(content: &str) -> (tempfile::TempDir, PathBuf, Record) {
        let folder = tempfile::tempdir().unwrap();
        let (staged, part) = (folder.path().join("staged"), folder.path().join("x_sectioned.wav"));
        fs::write(&staged, content).unwrap();
        let files = [(Role::Part, staged.as_path(), part.as_path())];
        let record = Record::default().followed_by("x.wav at 122".to_owned(), &files, &Outcome::default()).unwrap();
        fs::rename(&staged, &part).unwrap();
        (folder, part, record)
    }

    #[test]
    fn a_part_is_known_again_until_its_content_changes() {
        let (folder, part, mut record) = made("sound");
        assert!(record.made_from("x.wav at 122").is_some() && record.made_from("x.wav at 123").is_none());
        assert_eq!(record.state(Role::Part, &part), State::Latest);
        let files = [(Role::Part, part.clone())];
        assert!(record.stamp(&files) && !record.stamp(&files));
        assert_eq!(record.state(Role::Original, &part), State::Foreign);
        // Touched, it has the same content.
        File::options().append(true).open(&part).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(record.state(Role::Part, &part), State::Latest);
        fs::write(&part, "other").unwrap();
        assert_eq!(record.state(Role::Part, &part), State::Edited);
        fs::remove_file(&part).unwrap();
        assert_eq!(record.state(Role::Part, &part), State::Absent);
        drop(folder);
    }

    #[cfg(unix)]
    #[test]
    fn an_edit_of_the_same_length_with_its_time_set_back_is_seen() {
        let (_folder, part, mut record) = made("sound");
        record.stamp(&[(Role::Part, part.clone())]);
        let before = fs::metadata(&part).unwrap().modified().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        fs::write(&part, "sOund").unwrap();
        File::options().append(true).open(&part).unwrap().set_modified(before).unwrap();
        assert_eq!(record.state(Role::Part, &part), State::Edited);
    }

    #[test]
    fn a_run_that_is_killed_before_its_files_have_their_names_still_knows_those_that_are_there() {
        let (folder, part, record) = made("sound");
        let staged = folder.path().join("staged");
        fs::write(&staged, "faster sound").unwrap();
        let flac = folder.path().join("x_sectioned.flac");
        let next = |path: &Path, from: &str| {
            let files = [(Role::Part, staged.as_path(), path)];
            record.followed_by(from.to_owned(), &files, &Outcome::default()).unwrap()
        };
        assert_eq!(next(&part, "123").state(Role::Part, &part), State::Earlier);
        // One of another format does not make it a stranger either.
        assert_eq!(next(&flac, "flac").state(Role::Part, &part), State::Latest);
        assert_eq!(next(&flac, "flac").state(Role::Part, &flac), State::Absent);
    }

    #[test]
    fn records_are_read_back_and_one_that_is_broken_is_none() {
        let (folder, part, record) = made("sound");
        fs::create_dir(folder.path().join(FOLDER)).unwrap();
        let records = records(folder.path());
        record.write(&records, "x").unwrap();
        assert_eq!(Record::read(&records, "x").state(Role::Part, &part), State::Latest);
        fs::write(path(folder.path(), "x"), "{ half").unwrap();
        assert_eq!(Record::read(&records, "x").state(Role::Part, &part), State::Foreign);
        assert_eq!(Record::read(&records, "y").state(Role::Part, &part), State::Foreign);
    }

    #[test]
    fn what_killed_runs_left_is_removed_from_parts_originals_and_records() {
        let folder = tempfile::tempdir().unwrap();
        let places = ["", "orig", FOLDER].map(|place| folder.path().join(place));
        let hour_ago = SystemTime::now() - Duration::from_secs(3_600);
        for place in &places {
            fs::create_dir_all(place).unwrap();
            let left = place.join(".a.wav.1.part");
            fs::write(&left, "half").unwrap();
            File::options().write(true).open(&left).unwrap().set_modified(hour_ago).unwrap();
        }
        sweep(folder.path());
        assert!(places.iter().all(|place| !place.join(".a.wav.1.part").exists()));
    }
}
