//! The mount point of a file, without access to its disk.

use std::path::{Path, PathBuf};

/// What Linux has mounted (proc(5)). Other systems do not have this file.
const MOUNTS: &str = "/proc/self/mountinfo";

/// The folder at which the disk or the share of a file is mounted. Where that is not known, the folder of the file.
pub fn mount_point(file: &Path) -> PathBuf {
    let folder = file.parent().unwrap_or(file);
    let mounts = std::fs::read_to_string(MOUNTS).unwrap_or_default();
    longest(&mounts, file).unwrap_or_else(|| folder.to_owned())
}

/// The longest of the mount points with this file.
fn longest(mounts: &str, file: &Path) -> Option<PathBuf> {
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(4)).map(|point| PathBuf::from(unescaped(point)));
    points.filter(|point| file.starts_with(point)).max_by_key(|point| point.components().count())
}

/// A field in which space, tab, line break and backslash are written as three octal digits.
fn unescaped(field: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .into_iter()
        .fold(field.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_mount_point_counts() {
        let mounts = "\
            21 1 8:2 / / rw - ext4 /dev/sda2 rw\n\
            30 21 0:50 / /media/my\\040music rw - cifs //nas/music rw\n\
            31 21 0:51 / /media rw - tmpfs tmpfs rw\n";
        let point = |file: &str| longest(mounts, Path::new(file)).unwrap();
        assert_eq!(point("/media/my music/a/b.flac"), Path::new("/media/my music"));
        assert_eq!(point("/media/my musical/b.flac"), Path::new("/media"));
        assert_eq!(point("/home/a.flac"), Path::new("/"));
        assert_eq!(longest("", Path::new("/home/a.flac")), None);
    }
}
