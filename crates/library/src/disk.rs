//! The disk of a folder.

use std::path::Path;

/// The number of the device of a folder, and the bytes that are free on it for this user; `None` where the system does not report them.
pub fn disk_space(folder: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let device = std::fs::metadata(folder).ok()?.dev();
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some((device, disk.f_bavail.saturating_mul(disk.f_frsize)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_known_for_an_existing_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert!(disk_space(folder.path()).is_some_and(|(_, free)| free > 0));
        assert_eq!(disk_space(Path::new("/nonexistent")), None);
    }
}
