//! Identifies a version of a file without reading the file.

use std::fs::{File, Metadata};
use std::io;
use std::time::{Duration, SystemTime};

/// If the last change of a file is more recent than this, another change may leave its times the same. The reason is that file systems
/// store times in steps, some of them in steps of seconds.
const SETTLED: Duration = Duration::from_secs(2);

/// A version of a file, identified without reading the file: by device, inode, size, and the times of the last write and of the last
/// change of the inode.
///
/// Two equal versions have the same bytes if one of them [is settled](Self::is_settled). On systems other than Unix, files cannot be
/// identified like this, and there is no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileVersion {
    device: u64,
    inode: u64,
    bytes: u64,
    /// The time of the last write, in seconds and nanoseconds since 1970. Any program can set it.
    modified: (i64, i64),
    /// The time of the last change of the file, including its names and times. No program can set it back.
    changed: (i64, i64),
}

impl FileVersion {
    /// The version of an open file.
    ///
    /// # Errors
    /// The system's error; [`io::ErrorKind::Unsupported`] on systems other than Unix.
    pub fn of(file: &File) -> io::Result<Self> {
        Self::from_metadata(&file.metadata()?)
    }

    /// The version of the file that `metadata` describes.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] on systems other than Unix.
    #[cfg(unix)]
    pub fn from_metadata(metadata: &Metadata) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// The version of the file that `metadata` describes.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] on systems other than Unix.
    #[cfg(not(unix))]
    pub fn from_metadata(_metadata: &Metadata) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Whether every change after `now` will give the file another version. This is so if the last change was at least two seconds before
    /// `now`. The last change is that of the inode, because programs can set the time of the last write.
    #[must_use]
    pub fn is_settled(&self, now: SystemTime) -> bool {
        let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(self.changed.0), u32::try_from(self.changed.1)) else {
            return false;
        };
        let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        now.duration_since(changed).is_ok_and(|age| age >= SETTLED)
    }

    /// The version, if it [is settled](Self::is_settled) now. It can then be used as a key for cached facts about the file.
    #[must_use]
    pub fn if_settled(self) -> Option<Self> {
        self.is_settled(SystemTime::now()).then_some(self)
    }

    /// Whether both versions are of the same file, with the same size and the same time of the last write. A rename makes no difference.
    /// If a program writes the file and then sets the time back, the change is not detected.
    #[must_use]
    pub fn has_bytes_of(&self, other: &Self) -> bool {
        (self.device, self.inode, self.bytes, self.modified) == (other.device, other.inode, other.bytes, other.modified)
    }

    /// A version that no file has.
    #[cfg(test)]
    pub(crate) fn made_up(inode: u64, changed: (i64, i64)) -> Self {
        Self { device: 1, inode, bytes: 3, modified: (4, 5), changed }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn writing_changes_the_bytes_of_a_version_and_renaming_or_access_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"one").unwrap();
        let made = FileVersion::of(&file).unwrap();
        // Times of change may be as coarse as the system's clock.
        std::thread::sleep(Duration::from_millis(20));
        std::fs::rename(&path, folder.path().join("renamed")).unwrap();
        file.set_times(std::fs::FileTimes::new().set_accessed(SystemTime::UNIX_EPOCH)).unwrap();
        let renamed = FileVersion::of(&file).unwrap();
        assert!(renamed != made && renamed.has_bytes_of(&made));
        std::thread::sleep(Duration::from_millis(20));
        file.write_all(b"two").unwrap();
        file.set_len(3).unwrap();
        assert!(!FileVersion::of(&file).unwrap().has_bytes_of(&renamed));
    }

    #[test]
    fn a_version_is_settled_two_seconds_after_the_last_change_whatever_the_time_of_writing() {
        let file = tempfile::tempfile().unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let version = FileVersion::of(&file).unwrap();
        assert_eq!(version.if_settled(), None, "it was made just now");
        let changed = SystemTime::UNIX_EPOCH + Duration::new(version.changed.0 as u64, version.changed.1 as u32);
        let at = |seconds| version.is_settled(changed + Duration::from_secs(seconds));
        assert_eq!([at(0), at(1), at(2), at(60)], [false, false, true, true]);
        assert!(!version.is_settled(changed - Duration::from_secs(60)), "a clock that was set back proves nothing");
    }

    #[test]
    fn a_file_that_replaces_one_of_the_same_size_and_time_of_writing_has_another_version() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let version = || {
            let file = File::options().read(true).write(true).open(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
            FileVersion::of(&file).unwrap()
        };
        std::fs::write(&path, "one").unwrap();
        let one = version();
        std::thread::sleep(Duration::from_millis(20));
        std::fs::write(&path, "two").unwrap();
        assert_ne!(version(), one);
    }
}
