//! The file of a recording. It has the extension `.part` until it is complete.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crowd_media::numbered_path;

/// The most files whose names differ only in their number.
const MOST: u32 = 10_000;
const PART: &str = "part";
/// The extensions of recordings.
const EXTENSIONS: [&str; 4] = ["mp3", "aac", "ogg", "flac"];

/// A recording that is being written. Another process that starts does not take it for one that was left over, because it is locked.
#[derive(Debug)]
pub(super) struct RecordingFile {
    file: File,
    part: PathBuf,
    /// The name that it gets at the end.
    path: PathBuf,
}

impl RecordingFile {
    /// Makes a new file `<mount>-<UTC time>.<extension>.part` in the folder.
    pub fn create(folder: &Path, mount: &str, extension: &str) -> io::Result<Self> {
        let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        let name: String =
            mount.trim_matches('/').chars().map(|one| if one.is_alphanumeric() { one } else { '-' }).collect();
        let first = folder.join(format!("{}-{time}.{extension}", name.chars().take(100).collect::<String>()));
        for number in 1..MOST {
            let path = numbered_path(&first, number);
            let part = PathBuf::from(format!("{}.{PART}", path.display()));
            if path.exists() {
                continue;
            }
            match File::create_new(&part) {
                Ok(file) => {
                    // Some network shares have no locks.
                    let _ = file.try_lock();
                    return Ok(Self { file, part, path });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The name that it gets at the end.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Waits until the bytes are on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Gives the file its final name, and returns it.
    pub fn finish(self) -> io::Result<PathBuf> {
        let synced = self.file.sync_all();
        let path = rename_new(&self.part, &self.path)?;
        synced?;
        Ok(path)
    }
}

/// Renames a file, and never replaces another one. The number in the name is raised until it is free.
fn rename_new(from: &Path, wanted: &Path) -> io::Result<PathBuf> {
    for number in 1..MOST {
        let path = numbered_path(wanted, number);
        // The empty file reserves the name, and is what the renamed file replaces.
        match File::create_new(&path) {
            Ok(_) => {
                if let Err(error) = fs::rename(from, &path) {
                    let _ = fs::remove_file(&path);
                    return Err(error);
                }
                if let Some(folder) = path.parent() {
                    // The new name is to survive a power failure. Not every file system can do this.
                    let _ = File::open(folder).and_then(|folder| folder.sync_all());
                }
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Gives recordings their final names that were not finished, because their process was killed.
pub(super) fn finish_leftovers(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let part = entry?.path();
        if !is_recording(&part) {
            continue;
        }
        // Another process still writes it.
        let is_locked = |file: &File| matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        if File::open(&part).is_ok_and(|file| is_locked(&file)) {
            continue;
        }
        match rename_new(&part, &part.with_extension("")) {
            Ok(path) => {
                tracing::info!(recording = %path.display(), "a recording that was not finished has its name now")
            }
            Err(error) => tracing::warn!(recording = %part.display(), %error, "a recording could not be renamed"),
        }
    }
    Ok(())
}

/// Whether a path is one that `create` makes.
fn is_recording(part: &Path) -> bool {
    let path = part.with_extension("");
    let known = |path: &Path, all: &[&str]| path.extension().is_some_and(|end| all.iter().any(|known| end == *known));
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let is_time = |text: &str| {
        text.len() == 16
            && text.ends_with('Z')
            && text.bytes().filter(u8::is_ascii_digit).count() == 14
            && text.contains('T')
    };
    known(part, &[PART]) && known(&path, &EXTENSIONS) && stem.split('-').any(is_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_recording_is_renamed_when_it_is_complete_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = RecordingFile::create(folder.path(), "/live/anna", "mp3").unwrap();
        let [name] = &names(folder.path())[..] else { panic!("one file") };
        assert!(name.starts_with("live-anna-2") && name.ends_with("Z.mp3.part"), "{name}");
        file.write(b"sound").unwrap();
        file.sync().unwrap();
        fs::write(file.path(), "another").unwrap();
        let path = file.path().to_owned();
        let finished = file.finish().unwrap();
        assert_eq!(finished, numbered_path(&path, 2));
        assert_eq!((fs::read(path).unwrap(), fs::read(finished).unwrap()), (b"another".to_vec(), b"sound".to_vec()));
    }

    #[test]
    fn recordings_that_were_not_finished_get_their_names_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let open = RecordingFile::create(folder.path(), "/live", "ogg").unwrap();
        for name in ["a-20261201T094641Z.mp3.part", "film.mp3.part", "a-20261201T094641Z-2.flac.part"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        finish_leftovers(folder.path()).unwrap();
        let found = names(folder.path());
        for name in ["a-20261201T094641Z.mp3", "film.mp3.part", "a-20261201T094641Z-2.flac"] {
            assert!(found.iter().any(|found| found == name), "{found:?}");
        }
        // The recording of a running process stays.
        assert!(found.iter().any(|name| name.ends_with("Z.ogg.part")), "{found:?}");
        open.finish().unwrap();
    }
}
