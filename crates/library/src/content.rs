//! Files by what they hold.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crowd_media::FileId;

use crate::error::Error;
use crate::hash::ContentHash;
use crate::music::Music;
use crate::open::open;
use crate::state::State;

/// Files remembered.
const REMEMBERED: usize = 100_000;

/// Remembers the hashes of files that have not changed since.
#[derive(Default)]
pub struct Contents {
    known: Mutex<HashMap<FileId, ContentHash>>,
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
    /// [`Error::Io`]; [`Error::Changed`] when it is written meanwhile.
    pub fn music(&self, path: &Path, file: File) -> Result<Music, Error> {
        let io = |e| Error::io(path, "read", e);
        let state = State::of(&file.metadata().map_err(io)?);
        let known = state.id.and_then(|id| self.known().get(&id).copied());
        let hash = match known {
            Some(hash) => hash,
            None => {
                let hash = ContentHash::of(&file).map_err(io)?;
                if !state.is_that_of(&file.metadata().map_err(io)?) {
                    return Err(Error::Changed { path: path.to_owned() });
                }
                if let Some(id) = state.id {
                    let mut known = self.known();
                    if known.len() >= REMEMBERED {
                        known.clear();
                    }
                    known.insert(id, hash);
                }
                hash
            }
        };
        Ok(Music::new(path, file, state, hash))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<FileId, ContentHash>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::time::{Duration, SystemTime};

    use super::*;

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
        one.bytes_from_the_start().read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), one.check().is_ok()), ("one", true));
    }

    #[test]
    fn a_file_that_is_written_over_is_noticed_even_when_its_size_and_time_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let hour_ago = SystemTime::now() - Duration::from_secs(3_600);
        let write = |text: &str| {
            fs::write(&path, text).unwrap();
            File::options().write(true).open(&path).unwrap().set_modified(hour_ago).unwrap();
        };
        write("one");
        let contents = Contents::default();
        let one = contents.music(&path, open(&path).unwrap()).unwrap();
        assert_eq!(contents.known().len(), 1, "it is old enough to be remembered");
        // Times of change may be as coarse as the system's clock.
        std::thread::sleep(Duration::from_millis(20));
        write("two");
        let two = contents.music(&path, open(&path).unwrap()).unwrap();
        assert_ne!(one.hash(), two.hash());
        fs::write(&path, "three").unwrap();
        assert!(matches!(two.check(), Err(Error::Changed { .. })));
    }

    #[test]
    fn a_file_that_was_just_written_is_read_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "one").unwrap();
        let contents = Contents::default();
        contents.music(&path, open(&path).unwrap()).unwrap();
        assert!(contents.known().is_empty(), "another write may leave it the same times");
    }
}
