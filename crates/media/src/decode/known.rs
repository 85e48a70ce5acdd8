//! What was learnt about a file by reading all of it, kept for the next time the same file is opened in this process.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Files remembered; the least recently used is dropped for another.
const MOST: usize = 4_096;
/// A file changed this recently may change again within one tick of the file system's clock, and is not remembered.
const SETTLED: Duration = Duration::from_secs(2);

/// Tells one state of a file from another without reading it: by its device, inode, size and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    /// The last change of the inode, which no program can set back.
    changed: (i64, i64),
}

impl FileId {
    /// The state of an open file; `None` where the system does not tell it, or the file was changed less than two seconds
    /// ago.
    pub fn of(file: &File) -> Option<Self> {
        Self::of_metadata(&file.metadata().ok()?)
    }

    /// The state of a file by what the system tells of it; `None` as for [`of`](Self::of).
    #[cfg(unix)]
    pub fn of_metadata(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let age = SystemTime::now().duration_since(metadata.modified().ok()?).ok()?;
        (age >= SETTLED).then(|| Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Elsewhere files cannot be told apart, and nothing is remembered.
    #[cfg(not(unix))]
    pub fn of_metadata(_metadata: &Metadata) -> Option<Self> {
        None
    }
}

/// What is known about a file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Known {
    /// Frames it decodes to, counted.
    pub frames: Option<u64>,
    /// The highest sample of its stereo mix before any gain, full scale 1; of files with more than two channels.
    pub downmix_peak: Option<f32>,
}

#[derive(Default)]
struct Store {
    files: HashMap<FileId, (Known, u64)>,
    /// Counts uses, to tell which file was used least recently.
    uses: u64,
}

/// What is known about a file; nothing for one that was never learnt about, or for `None`.
pub(crate) fn about(file: Option<FileId>) -> Known {
    file.map(|file| store().about(file)).unwrap_or_default()
}

/// Adds to what is known about a file.
pub(crate) fn learn(file: Option<FileId>, add: impl FnOnce(&mut Known)) {
    if let Some(file) = file {
        store().learn(file, add);
    }
}

fn store() -> MutexGuard<'static, Store> {
    static STORE: LazyLock<Mutex<Store>> = LazyLock::new(Mutex::default);
    STORE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    fn about(&mut self, file: FileId) -> Known {
        self.uses += 1;
        let uses = self.uses;
        let found = self.files.get_mut(&file);
        found
            .map(|(known, used)| {
                *used = uses;
                *known
            })
            .unwrap_or_default()
    }

    fn learn(&mut self, file: FileId, add: impl FnOnce(&mut Known)) {
        if self.files.len() >= MOST
            && !self.files.contains_key(&file)
            && let Some(&oldest) = self.files.iter().min_by_key(|(_, (_, used))| *used).map(|(file, _)| file)
        {
            self.files.remove(&oldest);
        }
        self.uses += 1;
        let (known, used) = self.files.entry(file).or_default();
        *used = self.uses;
        add(known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(inode: u64) -> FileId {
        FileId { device: 1, inode, bytes: 3, modified: (4, 5), changed: (6, 7) }
    }

    #[test]
    fn what_is_learnt_in_parts_is_known_together() {
        let mut store = Store::default();
        assert_eq!(store.about(id(1)), Known::default());
        store.learn(id(1), |known| known.frames = Some(9));
        store.learn(id(1), |known| known.downmix_peak = Some(1.5));
        assert_eq!(store.about(id(1)), Known { frames: Some(9), downmix_peak: Some(1.5) });
        assert_eq!(store.about(FileId { changed: (6, 8), ..id(1) }), Known::default());
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        let mut store = Store::default();
        for n in 0..2 * MOST as u64 {
            store.learn(id(n), |known| known.frames = Some(n));
            assert_eq!(store.about(id(0)).frames, Some(0));
        }
        assert_eq!(store.files.len(), MOST);
        assert_eq!(store.about(id(1)), Known::default());
    }

    #[test]
    fn a_file_just_written_is_not_remembered_and_a_settled_one_is_told_from_what_replaces_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "one").unwrap();
        let open = || File::options().read(true).write(true).open(&path).unwrap();
        assert_eq!(FileId::of(&open()), None);
        let old = SystemTime::now() - Duration::from_secs(60);
        open().set_modified(old).unwrap();
        let one = FileId::of(&open());
        assert_eq!((one.is_some(), FileId::of(&open())), (cfg!(unix), one));
        std::thread::sleep(Duration::from_millis(20));
        std::fs::write(&path, "two").unwrap();
        open().set_modified(old).unwrap();
        assert!(!cfg!(unix) || FileId::of(&open()) != one);
    }
}
