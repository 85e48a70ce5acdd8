//! Whether a file is still what it was, without its bytes being read.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

/// How long ago the last change must be for the next one to be sure of another time: file systems count time in steps, the
/// coarsest in whole seconds.
const SETTLED: Duration = Duration::from_secs(2);

/// What tells one state of a file from another: which file it is, its size, and its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    /// When its bytes were written. Any program can set it.
    modified: (i64, i64),
    /// When anything of it was changed, its names and times included. No program can set it back.
    changed: (i64, i64),
}

impl Stamp {
    /// That of an open file.
    ///
    /// # Errors
    /// As the system gives them.
    pub fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|metadata| Self::from(&metadata))
    }

    /// Whether any later change gives the file another stamp, when the file had this one at `now`.
    pub fn is_settled(&self, now: SystemTime) -> bool {
        let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(self.changed.0), u32::try_from(self.changed.1)) else {
            return false;
        };
        let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        now.duration_since(changed).is_ok_and(|age| age >= SETTLED)
    }

    /// Whether both say that the file has the same bytes. What changes its names or the time of its use does not count, and a
    /// program that sets the time of writing back is not noticed.
    pub fn has_bytes_of(&self, other: &Self) -> bool {
        (self.device, self.inode, self.bytes, self.modified) == (other.device, other.inode, other.bytes, other.modified)
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn bytes_that_are_written_change_it_and_names_and_the_time_of_use_do_not_count_as_such() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"one").unwrap();
        let made = Stamp::of(&file).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        std::fs::rename(&path, home.path().join("renamed")).unwrap();
        file.set_times(std::fs::FileTimes::new().set_accessed(SystemTime::UNIX_EPOCH)).unwrap();
        let renamed = Stamp::of(&file).unwrap();
        assert!(renamed != made && renamed.has_bytes_of(&made));
        std::thread::sleep(Duration::from_millis(20));
        file.write_all(b"two").unwrap();
        file.set_len(3).unwrap();
        assert!(!Stamp::of(&file).unwrap().has_bytes_of(&renamed));
    }

    #[test]
    fn it_is_settled_two_seconds_after_the_last_change() {
        let stamp = Stamp::of(&tempfile::tempfile().unwrap()).unwrap();
        let changed = SystemTime::UNIX_EPOCH + Duration::new(stamp.changed.0 as u64, stamp.changed.1 as u32);
        let at = |seconds| stamp.is_settled(changed + Duration::from_secs(seconds));
        assert_eq!([at(0), at(1), at(2), at(60)], [false, false, true, true]);
        assert!(!stamp.is_settled(changed - Duration::from_secs(60)), "a clock that was set back says nothing");
    }
}
