//! A cache of facts about files. These facts are known only after the whole file has been read. They are reused when the same file is
//! opened again in this process.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::FileVersion;

/// The largest number of files in the cache. When there are more, the least recently used is evicted.
const MOST_FILES: usize = 4_096;

/// The cached facts about one version of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct FileFacts {
    /// The counted number of frames of the decoded file.
    pub frames: Option<u64>,
    /// The highest sample of the stereo mix before any gain, with full scale 1. Only for files with more than two channels.
    pub downmix_peak: Option<f32>,
}

#[derive(Default)]
struct FactCache {
    /// The facts of a file, and when they were used last.
    files: HashMap<FileVersion, (FileFacts, u64)>,
    /// Counts uses.
    uses: u64,
}

/// The cached facts about a file. There are no facts for `None`, or for a file that is not in the cache.
pub(crate) fn recall(file: Option<FileVersion>) -> FileFacts {
    file.map(|file| cache().recall(file)).unwrap_or_default()
}

/// Adds facts about a file to the cache.
pub(crate) fn remember(file: Option<FileVersion>, add: impl FnOnce(&mut FileFacts)) {
    if let Some(file) = file {
        cache().remember(file, add);
    }
}

fn cache() -> MutexGuard<'static, FactCache> {
    static CACHE: LazyLock<Mutex<FactCache>> = LazyLock::new(Mutex::default);
    CACHE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FactCache {
    fn recall(&mut self, file: FileVersion) -> FileFacts {
        self.uses += 1;
        let uses = self.uses;
        let facts = self.files.get_mut(&file).map(|(facts, used)| {
            *used = uses;
            *facts
        });
        facts.unwrap_or_default()
    }

    fn remember(&mut self, file: FileVersion, add: impl FnOnce(&mut FileFacts)) {
        if self.files.len() >= MOST_FILES
            && !self.files.contains_key(&file)
            && let Some(&oldest) = self.files.iter().min_by_key(|(_, (_, used))| *used).map(|(file, _)| file)
        {
            self.files.remove(&oldest);
        }
        self.uses += 1;
        let (facts, used) = self.files.entry(file).or_default();
        *used = self.uses;
        add(facts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(inode: u64) -> FileVersion {
        FileVersion::made_up(inode, (6, 7))
    }

    #[test]
    fn facts_that_come_one_by_one_are_recalled_together() {
        let mut cache = FactCache::default();
        assert_eq!(cache.recall(version(1)), FileFacts::default());
        cache.remember(version(1), |facts| facts.frames = Some(9));
        cache.remember(version(1), |facts| facts.downmix_peak = Some(1.5));
        assert_eq!(cache.recall(version(1)), FileFacts { frames: Some(9), downmix_peak: Some(1.5) });
        assert_eq!(cache.recall(FileVersion::made_up(1, (6, 8))), FileFacts::default());
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used() {
        let mut cache = FactCache::default();
        for n in 0..2 * MOST_FILES as u64 {
            cache.remember(version(n), |facts| facts.frames = Some(n));
            assert_eq!(cache.recall(version(0)).frames, Some(0));
        }
        assert_eq!(cache.files.len(), MOST_FILES);
        assert_eq!(cache.recall(version(1)), FileFacts::default());
    }
}
