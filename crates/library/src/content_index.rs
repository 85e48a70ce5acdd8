//! An index of files by their content.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crowd_media::FileVersion;

use crate::background_hasher::BackgroundHasher;
use crate::error::Error;
use crate::identity::{ContentIdentity, HashStore};
use crate::music_file::MusicFile;
use crate::open_file::OpenFile;
use crate::open_regular::open_regular;

/// The most files in the index.
const CAPACITY: usize = 100_000;
/// Files of this size and more may be hashed in the background, because reading them takes a noticeable time.
const LARGE: u64 = 64 << 20;

/// An index of the hashes of files. A file is hashed again only after it has changed.
#[derive(Default)]
pub struct ContentIndex {
    known: Mutex<HashMap<FileVersion, Arc<ContentIdentity>>>,
    hashes: Option<Arc<dyn HashStore>>,
    background: BackgroundHasher,
}

impl ContentIndex {
    /// An index that saves the hashes of files of 64 MiB and more, so that they survive the process.
    pub fn with_hash_store(hashes: impl HashStore + 'static) -> Self {
        Self { hashes: Some(Arc::new(hashes)), ..Self::default() }
    }

    /// Opens and hashes the file at a path.
    ///
    /// # Errors
    /// The errors of [`music_file`](Self::music_file).
    pub fn open(&self, path: &Path) -> Result<MusicFile, Error> {
        self.music_file(path, open_regular(path)?)
    }

    /// The music in an open file, with its hash. The file is read completely unless its hash is in the index.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Changed`] when the file is written to meanwhile.
    pub fn music_file(&self, path: &Path, file: File) -> Result<MusicFile, Error> {
        let music = self.identify(OpenFile::new(path, file)?)?;
        music.identity().hash_file(music.open_file(), self.hashes.as_deref(), || true)?;
        Ok(music)
    }

    /// The music in an open file, without waiting for the hash of a large file. A file of 64 MiB and more whose hash is not in the index is
    /// hashed in the background. Until that is done, it has no [hash](MusicFile::hash).
    ///
    /// # Errors
    /// The errors of [`music_file`](Self::music_file).
    pub fn music_file_deferred(&self, path: &Path, file: File) -> Result<MusicFile, Error> {
        let music = self.identify(OpenFile::new(path, file)?)?;
        self.background.hash(&music, self.hashes.as_ref());
        Ok(music)
    }

    /// The music in a file. It has a hash if the hash is in the index or the file is small.
    fn identify(&self, file: OpenFile) -> Result<MusicFile, Error> {
        let version = file.state.version;
        let known = version.and_then(|version| self.known().get(&version).cloned());
        let identity = match (known, version) {
            (Some(known), _) => return Ok(MusicFile::new(file, known)),
            (None, Some(version)) if file.state.bytes >= LARGE => {
                ContentIdentity::provisional(&file, &version, self.hashes.as_deref())?
            }
            _ => ContentIdentity::hashed(file.hash()?),
        };
        let mut identity = Arc::new(identity);
        if let Some(version) = version {
            let mut known = self.known();
            if known.len() >= CAPACITY {
                known.clear();
            }
            // Another thread may have added the identity first. A file has only one identity.
            identity = known.entry(version).or_insert(identity).clone();
        }
        Ok(MusicFile::new(file, identity))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<FileVersion, Arc<ContentIdentity>>> {
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
    fn a_replaced_file_is_another_one_and_the_open_one_can_still_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "one").unwrap();
        let index = ContentIndex::default();
        let one = index.music_file(&path, open_regular(&path).unwrap()).unwrap();
        fs::write(folder.path().join("b"), "two").unwrap();
        fs::rename(folder.path().join("b"), &path).unwrap();
        let two = index.music_file(&path, open_regular(&path).unwrap()).unwrap();
        assert_ne!(one.hash(), two.hash());
        let mut text = String::new();
        one.open_file().cursor().read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), one.check().is_ok()), ("one", true));
    }

    /// Waits so long that the next change of a file gives it other times.
    fn settle() {
        std::thread::sleep(Duration::from_millis(2_100));
    }

    #[test]
    fn an_overwritten_file_is_detected_even_when_its_size_and_time_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let hour_ago = SystemTime::now() - Duration::from_secs(3_600);
        let write = |text: &str| {
            fs::write(&path, text).unwrap();
            File::options().write(true).open(&path).unwrap().set_modified(hour_ago).unwrap();
        };
        write("one");
        settle();
        let index = ContentIndex::default();
        let one = index.music_file(&path, open_regular(&path).unwrap()).unwrap();
        assert_eq!(index.known().len(), 1, "its times are old enough for the index");
        write("two");
        let two = index.music_file(&path, open_regular(&path).unwrap()).unwrap();
        assert_ne!(one.hash(), two.hash());
        fs::write(&path, "three").unwrap();
        assert!(matches!(two.check(), Err(Error::Changed { .. })));
    }

    #[test]
    fn a_file_that_was_just_written_is_hashed_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "one").unwrap();
        let index = ContentIndex::default();
        index.music_file(&path, open_regular(&path).unwrap()).unwrap();
        assert!(index.known().is_empty(), "another write may not change its times");
    }

    /// A hash store in memory.
    #[derive(Clone, Default)]
    struct MemoryHashStore(Arc<Mutex<HashMap<LocalId, ContentHash>>>);

    impl HashStore for MemoryHashStore {
        fn load(&self, file: LocalId) -> Option<ContentHash> {
            self.0.lock().unwrap().get(&file).copied()
        }

        fn save(&self, file: LocalId, hash: ContentHash) {
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
    fn a_large_file_has_an_id_at_once_and_its_hash_later_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        large(&path, b"one");
        settle();
        let store = MemoryHashStore::default();
        let index = ContentIndex::with_hash_store(store.clone());
        let at_once = index.music_file_deferred(&path, open_regular(&path).unwrap()).unwrap();
        let hash = index.open(&path).unwrap().hash().unwrap();
        assert_eq!(hash, ContentHash::of(&File::open(&path).unwrap()).unwrap());
        assert_eq!(at_once.hash(), Some(hash), "the hash is in every clone then");
        assert_eq!(store.load(at_once.local_id()), Some(hash));
        let restarted = ContentIndex::with_hash_store(store);
        let again = restarted.music_file_deferred(&path, open_regular(&path).unwrap()).unwrap();
        assert_eq!((again.hash(), again.local_id()), (Some(hash), at_once.local_id()));
    }

    #[test]
    fn the_background_thread_hashes_files_and_ends_with_its_index() {
        let folder = tempfile::tempdir().unwrap();
        let paths = [folder.path().join("a"), folder.path().join("b")];
        paths.iter().for_each(|path| large(path, path.as_os_str().as_encoded_bytes()));
        settle();
        let index = ContentIndex::default();
        let music = index.music_file_deferred(&paths[0], open_regular(&paths[0]).unwrap()).unwrap();
        let start = Instant::now();
        while music.hash().is_none() {
            assert!(start.elapsed() < Duration::from_secs(60), "it is not hashed");
            std::thread::sleep(Duration::from_millis(1));
        }
        let other = index.music_file_deferred(&paths[1], open_regular(&paths[1]).unwrap()).unwrap();
        drop(index);
        std::thread::sleep(Duration::from_millis(200));
        let known = other.hash();
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(other.hash(), known, "the thread has ended");
    }

    #[test]
    fn a_large_file_that_is_written_to_gets_no_hash_and_another_id() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        large(&path, b"one");
        settle();
        let index = ContentIndex::default();
        let one = index.identify(OpenFile::new(&path, open_regular(&path).unwrap()).unwrap()).unwrap();
        large(&path, b"two");
        settle();
        let identity = one.identity();
        assert!(
            matches!(identity.hash_file(one.open_file(), None, || true), Err(Error::Changed { .. })),
            "{identity:?}"
        );
        assert_eq!(one.hash(), None);
        let two = index.music_file_deferred(&path, open_regular(&path).unwrap()).unwrap();
        assert_ne!(one.local_id(), two.local_id());
    }
}
