//! Records of the files that earlier runs have written. Each set of files has a small record file, which is written before
//! the files get their final names. By the records, a run skips files that exist already, and replaces only files that an
//! earlier run has written.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crowd_library::ContentHash;
use crowd_media::Error;
use crowd_store::FileFolder;
use serde::{Deserialize, Serialize};

use crate::excerpt_info::ExcerptInfo;
use crate::file_stamp::FileStamp;

/// The folder of the records, in the folder of the excerpts.
pub const RECORDS_FOLDER: &str = ".section-export";
/// The version of the records. It is increased whenever the same inputs give other files than before.
const VERSION: u32 = 3;

/// The role of a file of an excerpt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileRole {
    /// The excerpt as it is in the track.
    Original,
    /// The excerpt at the target tempo.
    #[serde(rename = "part")]
    Stretched,
    /// The picture of the excerpt.
    Picture,
}

/// The hash of a file's content, in hexadecimal.
///
/// # Errors
/// The system's, when it cannot be read.
pub fn hash(path: &Path) -> Result<String, Error> {
    let io = |source| Error::io(path, "read", source);
    let hash = File::open(path).and_then(|file| ContentHash::of(&file)).map_err(io)?;
    Ok(hash.to_string())
}

/// A file that was written.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct RecordedFile {
    role: FileRole,
    name: String,
    hash: String,
    /// `None` until the file has its final name.
    stamp: Option<FileStamp>,
}

/// The state of an output file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// There is no file.
    Absent,
    /// The latest run wrote it.
    Latest,
    /// An earlier run wrote it.
    Earlier,
    /// A run wrote it, and it was changed or replaced since.
    Edited,
    /// No run has written it.
    Foreign,
}

impl FileState {
    /// Whether it may be replaced without `--overwrite`.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Absent | Self::Latest | Self::Earlier)
    }
}

/// The record of a set of files that are written together.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FileSetRecord {
    version: u32,
    /// Everything that the content of the files depends on, as text. The text is compared but never parsed.
    made_from: String,
    /// The files, the latest first.
    files: Vec<RecordedFile>,
    #[serde(rename = "outcome")]
    info: ExcerptInfo,
}

impl FileSetRecord {
    /// The figures of the excerpt, if the latest run made it from `made_from`.
    pub fn info_if_made_from(&self, made_from: &str) -> Option<&ExcerptInfo> {
        (self.version == VERSION && self.made_from == made_from).then_some(&self.info)
    }

    /// Reads the record of this name; an empty record when it is missing or cannot be read.
    pub fn read(records: &FileFolder, name: &str) -> Self {
        let bytes = records.read(&file_of(name)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Writes the record under this name.
    ///
    /// # Errors
    /// The system's error when it cannot be written.
    pub fn write(&self, records: &FileFolder, name: &str) -> Result<(), Error> {
        let name = file_of(name);
        let failed = |source| Error::io(records.file(&name), "write", source);
        let bytes = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        records.write(&name, &bytes)
    }

    /// The state of one of the files. A file whose stamp has changed is read and hashed.
    pub fn state(&self, role: FileRole, path: &Path) -> FileState {
        if fs::symlink_metadata(path).is_err() {
            return FileState::Absent;
        }
        let name = file_name(path);
        let mut recorded = self.files.iter().filter(|file| file.role == role && file.name == name).peekable();
        if recorded.peek().is_none() {
            return FileState::Foreign;
        }
        let (stamp, mut content) = (FileStamp::of(path), None);
        let is = |file: &RecordedFile| {
            let same = stamp.is_some() && file.stamp == stamp;
            same || content.get_or_insert_with(|| hash(path).ok()).as_ref() == Some(&file.hash)
        };
        match recorded.position(is) {
            Some(0) => FileState::Latest,
            Some(_) => FileState::Earlier,
            None => FileState::Edited,
        }
    }

    /// The record for a new version of the files. Each of `files` has its role, the complete partial file and the final
    /// path.
    ///
    /// # Errors
    /// The system's error when a file cannot be read.
    pub fn followed_by(
        &self,
        made_from: String,
        files: &[(FileRole, &Path, &Path)],
        info: &ExcerptInfo,
    ) -> Result<Self, Error> {
        let mut recorded = Vec::new();
        for &(role, partial, path) in files {
            recorded.push(RecordedFile { role, name: file_name(path), hash: hash(partial)?, stamp: None });
        }
        // The earlier files are recorded too. They exist until the new ones replace them, and remain where the new ones have
        // other names.
        for before in &self.files {
            let same = recorded.iter().filter(|file| file.role == before.role && file.name == before.name);
            if same.clone().count() < 2 && !same.clone().any(|file| file.hash == before.hash) {
                recorded.push(before.clone());
            }
        }
        Ok(Self { version: VERSION, made_from, files: recorded, info: info.clone() })
    }

    /// Stores the stamps of files that have their final names. Returns whether a stamp was new.
    pub fn stamp(&mut self, files: &[(FileRole, PathBuf)]) -> bool {
        let mut changed = false;
        for (role, path) in files {
            let (name, stamp) = (file_name(path), FileStamp::of(path));
            if let Some(file) = self.files.iter_mut().find(|file| file.role == *role && file.name == name) {
                changed |= file.stamp != stamp;
                file.stamp = stamp;
            }
        }
        changed
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The records of a folder of excerpts; there may be none yet.
pub fn records(folder: &Path) -> FileFolder {
    FileFolder::new(folder.join(RECORDS_FOLDER))
}

/// The file of the record of this name for a folder of excerpts.
pub fn path(folder: &Path, name: &str) -> PathBuf {
    records(folder).file(&file_of(name))
}

fn file_of(name: &str) -> String {
    format!("{name}.json")
}

/// Removes the partial files that killed runs have left.
pub fn sweep(folder: &Path) {
    for folder in [folder, &folder.join("orig"), records(folder).path()] {
        FileFolder::new(folder).sweep();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    /// A folder with a file and its record, made from "x.wav at 122".
    fn recorded(content: &str) -> (tempfile::TempDir, PathBuf, FileSetRecord) {
        let folder = tempfile::tempdir().unwrap();
        let (partial, stretched) = (folder.path().join("staged"), folder.path().join("x_sectioned.wav"));
        fs::write(&partial, content).unwrap();
        let files = [(FileRole::Stretched, partial.as_path(), stretched.as_path())];
        let record =
            FileSetRecord::default().followed_by("x.wav at 122".to_owned(), &files, &ExcerptInfo::default()).unwrap();
        fs::rename(&partial, &stretched).unwrap();
        (folder, stretched, record)
    }

    #[test]
    fn a_written_file_is_recognised_until_its_content_changes() {
        let (folder, stretched, mut record) = recorded("sound");
        assert!(
            record.info_if_made_from("x.wav at 122").is_some() && record.info_if_made_from("x.wav at 123").is_none()
        );
        assert_eq!(record.state(FileRole::Stretched, &stretched), FileState::Latest);
        let files = [(FileRole::Stretched, stretched.clone())];
        assert!(record.stamp(&files) && !record.stamp(&files));
        assert_eq!(record.state(FileRole::Original, &stretched), FileState::Foreign);
        // A file that was only touched has the same content.
        File::options().append(true).open(&stretched).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(record.state(FileRole::Stretched, &stretched), FileState::Latest);
        fs::write(&stretched, "other").unwrap();
        assert_eq!(record.state(FileRole::Stretched, &stretched), FileState::Edited);
        fs::remove_file(&stretched).unwrap();
        assert_eq!(record.state(FileRole::Stretched, &stretched), FileState::Absent);
        drop(folder);
    }

    #[cfg(unix)]
    #[test]
    fn an_edit_of_the_same_length_with_its_time_set_back_is_detected() {
        let (_folder, stretched, mut record) = recorded("sound");
        record.stamp(&[(FileRole::Stretched, stretched.clone())]);
        let before = fs::metadata(&stretched).unwrap().modified().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        fs::write(&stretched, "sOund").unwrap();
        File::options().append(true).open(&stretched).unwrap().set_modified(before).unwrap();
        assert_eq!(record.state(FileRole::Stretched, &stretched), FileState::Edited);
    }

    #[test]
    fn after_a_run_that_was_killed_before_it_renamed_its_files_the_earlier_ones_are_recognised() {
        let (folder, stretched, record) = recorded("sound");
        let partial = folder.path().join("staged");
        fs::write(&partial, "faster sound").unwrap();
        let flac = folder.path().join("x_sectioned.flac");
        let next = |path: &Path, from: &str| {
            let files = [(FileRole::Stretched, partial.as_path(), path)];
            record.followed_by(from.to_owned(), &files, &ExcerptInfo::default()).unwrap()
        };
        assert_eq!(next(&stretched, "123").state(FileRole::Stretched, &stretched), FileState::Earlier);
        // The next version has another format, so the earlier file stays ours.
        assert_eq!(next(&flac, "flac").state(FileRole::Stretched, &stretched), FileState::Latest);
        assert_eq!(next(&flac, "flac").state(FileRole::Stretched, &flac), FileState::Absent);
    }

    #[test]
    fn records_are_read_back_and_a_broken_one_is_empty() {
        let (folder, stretched, record) = recorded("sound");
        fs::create_dir(folder.path().join(RECORDS_FOLDER)).unwrap();
        let records = records(folder.path());
        record.write(&records, "x").unwrap();
        assert_eq!(FileSetRecord::read(&records, "x").state(FileRole::Stretched, &stretched), FileState::Latest);
        fs::write(path(folder.path(), "x"), "{ half").unwrap();
        assert_eq!(FileSetRecord::read(&records, "x").state(FileRole::Stretched, &stretched), FileState::Foreign);
        assert_eq!(FileSetRecord::read(&records, "y").state(FileRole::Stretched, &stretched), FileState::Foreign);
    }

    #[test]
    fn leftovers_of_killed_runs_are_removed_from_all_folders() {
        let root = tempfile::tempdir().unwrap();
        let folders = ["", "orig", RECORDS_FOLDER].map(|name| root.path().join(name));
        let hour_ago = SystemTime::now() - Duration::from_secs(3_600);
        for folder in &folders {
            fs::create_dir_all(folder).unwrap();
            let leftover = folder.join(".a.wav.1.part");
            fs::write(&leftover, "half").unwrap();
            File::options().write(true).open(&leftover).unwrap().set_modified(hour_ago).unwrap();
        }
        sweep(root.path());
        assert!(folders.iter().all(|folder| !folder.join(".a.wav.1.part").exists()));
    }
}
