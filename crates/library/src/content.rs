//! Files by what they hold.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crowd_media::FileVersion;

use crate::background::Background;
use crate::error::Error;
use crate::identity::{Hashes, Identity};
use crate::music::Music;
use crate::open::open;
use crate::opened::Opened;

/// Files remembered.
const REMEMBERED: usize = 100_000;
/// Files of so many bytes are hashed in the background, when nobody can wait for it: reading them takes a noticeable time.
const LARGE: u64 = 64 << 20;

/// Remembers the hashes of files that have not changed since.
#[derive(Default)]
pub struct Contents {
    known: Mutex<HashMap<FileVersion, Arc<Identity>>>,
    hashes: Option<Arc<dyn Hashes>>,
    background: Background,
}

impl Contents {
    /// Remembers the hashes of files of 64 MiB and more beyond this process too.
    pub fn kept_in(hashes: impl Hashes + 'static) -> Self {
        Self { hashes: Some(Arc::new(hashes)), ..Self::default() }
    }

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
        let music = self.known_at_once(Opened::new(path, file)?)?;
        music.identity().read(music.opened(), self.hashes.as_deref(), || true)?;
        Ok(music)
    }

    /// The music in an open file. A file of 64 MiB and more is read in the background, unless that was done: until then it has no
    /// [hash](Music::hash).
    ///
    /// # Errors
    /// As [`music`](Self::music).
    pub fn music_at_once(&self, path: &Path, file: File) -> Result<Music, Error> {
        let music = self.known_at_once(Opened::new(path, file)?)?;
        self.background.hash(&music, self.hashes.as_ref());
        Ok(music)
    }

    /// What is known of a file without reading much.
    fn known_at_once(&self, opened: Opened) -> Result<Music, Error> {
        let id = opened.state.id;
        let known = id.and_then(|id| self.known().get(&id).cloned());
        let identity = match (known, id) {
            (Some(known), _) => return Ok(Music::new(opened, known)),
            (None, Some(id)) if opened.state.bytes >= LARGE => {
                Identity::provisional(&opened, &id, self.hashes.as_deref())?
            }
            _ => Identity::hashed(opened.hash()?),
        };
        let mut identity = Arc::new(identity);
        if let Some(id) = id {
            let mut known = self.known();
            if known.len() >= REMEMBERED {
                known.clear();
            }
            // Another thread may have been first: a file has one identity.
            identity = known.entry(id).or_insert(identity).clone();
        }
        Ok(Music::new(opened, identity))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<FileVersion, Arc<Identity>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::time::{Duration, Instant, SystemTime};

    use super::*;
    use crate::hash::ContentHash;
    use crate::identity::LocalId;

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
        one.opened().bytes_from_the_start().read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), one.check().is_ok()), ("one", true));
    }

    /// Waits until a later change of the files there are gives them other times.
    fn settle() {
        std::thread::sleep(Duration::from_millis(2_100));
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
        settle();
        let contents = Contents::default();
        let one = contents.music(&path, open(&path).unwrap()).unwrap();
        assert_eq!(contents.known().len(), 1, "it is old enough to be remembered");
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

    /// Hashes that are kept beyond a process.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<HashMap<LocalId, ContentHash>>>);

    impl Hashes for Kept {
        fn recall(&self, file: LocalId) -> Option<ContentHash> {
            self.0.lock().unwrap().get(&file).copied()
        }

        fn keep(&self, file: LocalId, hash: ContentHash) {
            self.0.lock().unwrap().insert(file, hash);
        }
    }

    /// A file of 64 MiB, most of it zeros.
    fn large(path: &Path, first: &[u8]) {
        fs::write(path, first).unwrap();
        let file = File::options().write(true).open(path).unwrap();
        file.set_len(LARGE).unwrap();
    }

    #[test]
    fn a_large_file_is_known_at_once_and_by_its_hash_when_it_was_read_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        large(&path, b"one");
        settle();
        let kept = Kept::default();
        let contents = Contents::kept_in(kept.clone());
        let at_once = contents.music_at_once(&path, open(&path).unwrap()).unwrap();
        let hash = contents.open(&path).unwrap().hash().unwrap();
        assert_eq!(hash, ContentHash::of(&File::open(&path).unwrap()).unwrap());
        assert_eq!(at_once.hash(), Some(hash), "all who have it open know then");
        assert_eq!(kept.recall(at_once.local_id()), Some(hash));
        let restarted = Contents::kept_in(kept);
        let again = restarted.music_at_once(&path, open(&path).unwrap()).unwrap();
        assert_eq!((again.hash(), again.local_id()), (Some(hash), at_once.local_id()));
    }

    #[test]
    fn the_thread_in_the_background_reads_what_nobody_waits_for_and_ends_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let paths = [folder.path().join("a"), folder.path().join("b")];
        paths.iter().for_each(|path| large(path, path.as_os_str().as_encoded_bytes()));
        settle();
        let contents = Contents::default();
        let music = contents.music_at_once(&paths[0], open(&paths[0]).unwrap()).unwrap();
        let begun = Instant::now();
        while music.hash().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(60), "nothing reads it");
            std::thread::sleep(Duration::from_millis(1));
        }
        let other = contents.music_at_once(&paths[1], open(&paths[1]).unwrap()).unwrap();
        drop(contents);
        std::thread::sleep(Duration::from_millis(200));
        let known = other.hash();
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(other.hash(), known, "nothing is read any more");
    }

    #[test]
    fn a_large_file_that_is_written_to_gets_no_hash_and_another_name_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        large(&path, b"one");
        settle();
        let contents = Contents::default();
        let one = contents.known_at_once(Opened::new(&path, open(&path).unwrap()).unwrap()).unwrap();
        large(&path, b"two");
        settle();
        let identity = one.identity();
        assert!(matches!(identity.read(one.opened(), None, || true), Err(Error::Changed { .. })), "{identity:?}");
        assert_eq!(one.hash(), None);
        let two = contents.music_at_once(&path, open(&path).unwrap()).unwrap();
        assert_ne!(one.local_id(), two.local_id());
    }
}
