//! The log of a buffer: its only state on the disk, to which lines are only appended.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::contents::{Contents, Event};
use crate::error::Error;
use crate::lock_file;

const FILE: &str = "buffer.jsonl";
const LOCK: &str = "buffer.lock";
/// The number of bytes from which on the log is replaced by one line with the contents, if that is much shorter.
const LONG: u64 = 1 << 20;

/// The log, and the contents that follow from it.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    /// Locked while the log is changed. The system unlocks it when the process is killed.
    lock: File,
    contents: Contents,
    /// The file that was read, and how far.
    file: Option<File>,
    inode: u64,
    bytes: u64,
}

impl Log {
    /// Opens the log in a folder, which is made if it does not exist.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] for a damaged line.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, "make the folder", error))?;
        let lock = lock_file::open(&folder.join(LOCK))?;
        let path = folder.join(FILE);
        let mut log = Self { path, lock, contents: Contents::default(), file: None, inode: 0, bytes: 0 };
        log.read()?;
        Ok(log)
    }

    /// A log without entries. The present one is kept under another name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn begin_anew(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        if path.exists() {
            let aside = folder.join("buffer.before");
            let mut kept = (1..1_000).map(|number| crowd_media::numbered_path(&aside, number));
            let kept = kept.find(|path| !path.exists()).unwrap_or(aside);
            std::fs::rename(&path, &kept).map_err(|error| Error::io(&path, "rename", error))?;
        }
        Self::open(folder)
    }

    /// The contents of the log in a folder, which is not changed, up to its first damaged line; `None` if there is no log.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn readable(folder: &Path) -> Result<Option<Contents>, Error> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let lock = File::open(&path).map_err(|error| Error::io(&path, "open", error))?;
        let mut log = Self { path, lock, contents: Contents::default(), file: None, inode: 0, bytes: 0 };
        match log.read() {
            Ok(()) | Err(Error::File { .. }) => Ok(Some(log.contents)),
            Err(error) => Err(error),
        }
    }

    /// The contents, as they were when the log was read last.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Reads what other processes have appended.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn read(&mut self) -> Result<(), Error> {
        let found = match std::fs::metadata(&self.path) {
            Ok(found) => found,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                (self.file, self.bytes, self.contents) = (None, 0, Contents::default());
                return Ok(());
            }
            Err(error) => return Err(Error::io(&self.path, "read", error)),
        };
        if self.file.is_none() || found.ino() != self.inode || found.len() < self.bytes {
            let file = File::open(&self.path).map_err(|error| Error::io(&self.path, "open", error))?;
            self.inode = file.metadata().map_err(|error| Error::io(&self.path, "read", error))?.ino();
            (self.file, self.bytes, self.contents) = (Some(file), 0, Contents::default());
        }
        let mut text = Vec::new();
        if let Some(file) = &mut self.file {
            let read = file.seek(SeekFrom::Start(self.bytes)).and_then(|_| file.read_to_end(&mut text));
            read.map_err(|error| Error::io(&self.path, "read", error))?;
        }
        // A line without an end is being written, or was left by a crash.
        for line in text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
            let event = serde_json::from_slice(line).map_err(|error| Error::File {
                path: self.path.clone(),
                problem: format!("the line at byte {} is damaged: {error}", self.bytes),
                advice: "crowd-radio buffer rebuild makes a new log from the chunk files",
            })?;
            self.contents.apply(event);
            self.bytes += line.len() as u64;
        }
        Ok(())
    }

    /// Changes the buffer: no other process does so meanwhile. `change` receives the present contents and returns the entries, which are
    /// on the disk when this returns.
    ///
    /// # Errors
    /// Those of `change`; when the disk is full. The buffer is then as before.
    pub fn change(&mut self, change: impl FnOnce(&Contents) -> Result<Vec<Event>, Error>) -> Result<(), Error> {
        self.take_lock()?;
        let result = self.read().and_then(|()| change(&self.contents)).and_then(|events| self.append(events));
        let unlocked = self.lock.unlock().map_err(|error| Error::io(&self.path, "unlock", error));
        result.and(unlocked)
    }

    /// Locks the log. If its folder was removed and made again, there is another file to lock.
    fn take_lock(&mut self) -> Result<(), Error> {
        let path = self.path.with_file_name(LOCK);
        loop {
            self.lock.lock().map_err(|error| Error::io(&path, "lock", error))?;
            let inode = |metadata: std::fs::Metadata| metadata.ino();
            let (held, present) = (self.lock.metadata().map(inode).ok(), std::fs::metadata(&path).map(inode).ok());
            if held.is_some() && held == present {
                return Ok(());
            }
            self.lock = lock_file::open(&path)?;
        }
    }

    fn append(&mut self, events: Vec<Event>) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        let mut text = Vec::new();
        for event in &events {
            let line = serde_json::to_vec(event).map_err(|error| Error::Invalid(error.to_string()))?;
            text.extend_from_slice(&line);
            text.push(b'\n');
        }
        let mut file = File::options().create(true).append(true).open(&self.path);
        let written = file.as_mut().map_err(|error| std::io::Error::from(error.kind())).and_then(|file| {
            // What a crash has left of a line.
            file.set_len(self.bytes)?;
            file.write_all(&text).and_then(|()| file.sync_data()).inspect_err(|_| _ = file.set_len(self.bytes))
        });
        written.map_err(|error| Error::io(&self.path, "write", error))?;
        self.read()?;
        if self.bytes > LONG {
            let mut contents = self.contents.clone();
            contents.removed.retain(|file| self.path.with_file_name(file).exists());
            self.replace(contents)?;
        }
        Ok(())
    }

    /// Replaces the log by one line with these contents. It must be called within [`change`](Self::change), or by the only process.
    ///
    /// # Errors
    /// When the disk is full. The log is then as before.
    pub fn replace(&mut self, contents: Contents) -> Result<(), Error> {
        let event = Event::State { contents: Box::new(contents) };
        let mut line = serde_json::to_vec(&event).map_err(|error| Error::Invalid(error.to_string()))?;
        line.push(b'\n');
        crowd_media::atomic::write(&self.path, &line)?;
        self.file = None;
        self.read()
    }
}

#[cfg(test)]
mod tests {
    use super::super::contents::tests::chunk;
    use super::*;

    #[test]
    fn processes_see_the_changes_of_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let (mut one, mut other) = (Log::open(folder.path()).unwrap(), Log::open(folder.path()).unwrap());
        one.change(|_| Ok(vec![Event::Added { chunk: chunk(0, 0) }])).unwrap();
        other.change(|contents| Ok(vec![Event::Added { chunk: chunk(contents.next_id, 0) }])).unwrap();
        one.read().unwrap();
        assert_eq!(one.contents(), other.contents());
        assert_eq!(one.contents().chunks.len(), 2);
        one.replace(one.contents().clone()).unwrap();
        other.change(|contents| Ok(vec![Event::Taken { id: contents.next_id - 1, repeat: false, needed: 0 }])).unwrap();
        one.read().unwrap();
        assert_eq!((one.contents(), one.contents().takes), (other.contents(), 1));
    }

    #[test]
    fn a_torn_line_is_removed_and_a_damaged_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::open(folder.path()).unwrap();
        log.change(|_| Ok(vec![Event::Added { chunk: chunk(0, 0) }])).unwrap();
        let whole = std::fs::read(&log.path).unwrap();
        std::fs::write(&log.path, [&whole[..], b"{\"event\":\"tak"].concat()).unwrap();
        let mut log = Log::open(folder.path()).unwrap();
        assert_eq!(log.contents().chunks.len(), 1);
        log.change(|_| Ok(vec![Event::Taken { id: 0, repeat: false, needed: 0 }])).unwrap();
        assert_eq!(Log::open(folder.path()).unwrap().contents().takes, 1);
        std::fs::write(&log.path, [&whole[..], b"nonsense\n", &whole[..]].concat()).unwrap();
        let error = Log::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("damaged") && error.contains("rebuild"), "{error}");
    }
}
