//! What a file holds, whatever it is called.

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crowd_engine::feed::{FileInput, Shape};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Bytes read at a time while hashing.
const PIECE: usize = 1 << 18;
/// Identities remembered.
const REMEMBERED: usize = 100_000;

/// What tells one state of a file from another without reading it. The time of the last change of the inode is in it, which no
/// program can set back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// The BLAKE3 hash of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentHash(blake3::Hash);

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Opens a file without waiting for anybody: of a pipe that took a track's place there is nobody at the other end.
pub(super) fn open(path: &Path) -> Result<File, Error> {
    const NONBLOCK: i32 = 0o4000;
    let failed = |e| Error::io(path, "open", e);
    let file = OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(Error::Outside { path: path.to_owned() });
    }
    Ok(file)
}

/// Remembers the hashes of files that have not changed since.
#[derive(Default)]
pub struct Contents {
    known: Mutex<HashMap<Identity, ContentHash>>,
}

impl Contents {
    /// The music in the file of a name, wherever it lies.
    ///
    /// # Errors
    /// As [`music`](Self::music).
    pub fn open(&self, path: &Path) -> Result<Music, Error> {
        self.music(path, open(path)?)
    }

    /// The music in an open file; it is read once as a whole, and remembered.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Changed`] when somebody writes it meanwhile.
    pub fn music(&self, path: &Path, file: File) -> Result<Music, Error> {
        let io = |e| Error::io(path, "read", e);
        let identity = Identity::of(&file.metadata().map_err(io)?);
        let known = self.known().get(&identity).copied();
        let hash = match known {
            Some(hash) => hash,
            None => {
                let hash = hash(&file).map_err(io)?;
                if Identity::of(&file.metadata().map_err(io)?) != identity {
                    return Err(Error::Changed { path: path.to_owned() });
                }
                let mut known = self.known();
                if known.len() >= REMEMBERED {
                    known.clear();
                }
                known.insert(identity, hash);
                hash
            }
        };
        Ok(Music { path: path.into(), file: Arc::new(file), identity, hash })
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Identity, ContentHash>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(file: &File) -> io::Result<ContentHash> {
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    loop {
        let n = file.read_at(&mut piece, at)?;
        if n == 0 {
            return Ok(ContentHash(hasher.finalize()));
        }
        hasher.update(&piece[..n]);
        at += n as u64;
    }
}

/// A file that is open, and known by what it holds. Its name may come to mean another file: this one is read on.
#[derive(Clone, Debug)]
pub struct Music {
    path: Arc<Path>,
    file: Arc<File>,
    identity: Identity,
    hash: ContentHash,
}

impl Music {
    /// The name it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it holds.
    pub fn hash(&self) -> ContentHash {
        self.hash
    }

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.identity.bytes
    }

    /// The file, for positioned reads.
    pub fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// A decoder of its own.
    ///
    /// # Errors
    /// As [`crowd_media::Reader::open`].
    pub fn reader(&self) -> Result<crowd_media::Reader, crowd_media::Error> {
        crowd_media::Reader::from_bytes_of(&self.path, Positioned { file: self.file.clone(), at: 0 }, &self.file)
    }

    /// Its sound, stereo and at its own rate.
    ///
    /// # Errors
    /// As [`FileInput::open`].
    pub fn input(&self) -> crowd_engine::Result<(FileInput, Shape)> {
        let music = self.clone();
        FileInput::over(move || music.reader(), None)
    }

    /// Whether it still holds what it held when it was hashed.
    ///
    /// # Errors
    /// [`Error::Changed`], [`Error::Io`].
    pub fn check(&self) -> Result<(), Error> {
        let metadata = self.file.metadata().map_err(|e| Error::io(&*self.path, "read", e))?;
        let now = Identity::of(&metadata);
        // A file that lost its name has a new time of change and the same content.
        if (now.bytes, now.modified) == (self.identity.bytes, self.identity.modified) {
            Ok(())
        } else {
            Err(Error::Changed { path: self.path.to_path_buf() })
        }
    }
}

/// A reader with a place of its own in a file that others read too.
struct Positioned {
    file: Arc<File>,
    at: u64,
}

impl Read for Positioned {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(into, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Positioned {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_replaced_under_its_name_is_another_music_and_the_open_one_is_read_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "one").unwrap();
        let contents = Contents::default();
        let one = contents.music(&path, open(&path).unwrap()).unwrap();
        fs::write(folder.path().join("b"), "two").unwrap();
        fs::rename(folder.path().join("b"), &path).unwrap();
        let two = contents.music(&path, open(&path).unwrap()).unwrap();
        assert_ne!(one.hash(), two.hash());
        let mut text = String::new();
        Positioned { file: one.file().clone(), at: 0 }.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), one.check().is_ok()), ("one", true));
    }

    #[test]
    fn a_file_that_is_written_over_is_noticed_even_when_its_size_and_time_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "one").unwrap();
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        let contents = Contents::default();
        let one = contents.music(&path, open(&path).unwrap()).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        fs::write(&path, "two").unwrap();
        assert!(one.check().is_err());
        File::options().write(true).open(&path).unwrap().set_modified(before).unwrap();
        let two = contents.music(&path, open(&path).unwrap()).unwrap();
        assert_ne!(one.hash(), two.hash());
    }

    #[test]
    fn a_pipe_is_no_music_and_does_not_hold_anybody_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR).unwrap();
        assert!(matches!(open(&path), Err(Error::Outside { .. })));
    }
}
