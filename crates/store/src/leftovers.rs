//! The leftovers of killed processes: partial files, which have to be distinguished from files that are being written.

use std::ffi::OsStr;
use std::fs;
#[cfg(unix)]
use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

#[cfg(unix)]
use crate::lock;

/// A temporary file without a lock is a leftover when it has not been written to for this time.
const ABANDONED: Duration = Duration::from_secs(600);

/// Removes the partial file of a chunk when no process has it locked.
#[cfg(unix)]
pub fn remove_unlocked(partial: &Path) {
    let Ok(file) = File::open(partial) else { return };
    if lock::try_lock(&file, partial).unwrap_or(false) && lock::has_path(&file, partial) {
        let _ = fs::remove_file(partial);
    }
}

/// Whether a name is that of a temporary file: `.<name>.<random>.part`.
pub fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b".") && name.ends_with(b".part")
}

/// Removes the temporary files of a folder that have not been written to for ten minutes. A file that cannot be read or removed
/// stays.
pub fn remove_abandoned(folder: &Path) {
    let old = |entry: &fs::DirEntry| {
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        written.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > ABANDONED))
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_temporary(&entry.file_name()) && old(&entry) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn only_old_temporary_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let [old, new, other] = [".a.wav.x.part", ".b.wav.x.part", "c.part"].map(|name| folder.path().join(name));
        for file in [&old, &new, &other] {
            fs::write(file, "half").unwrap();
        }
        let hour_ago = SystemTime::now() - Duration::from_secs(3_600);
        for file in [&old, &other] {
            File::options().write(true).open(file).unwrap().set_modified(hour_ago).unwrap();
        }
        remove_abandoned(folder.path());
        assert_eq!([&old, &new, &other].map(|file| file.exists()), [false, true, true]);
    }
}
