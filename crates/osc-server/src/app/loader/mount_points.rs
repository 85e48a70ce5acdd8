//! Finds the file system of a path without touching that file system.
//!
//! No crate for `/proc` is used, because only one field of `/proc/self/mountinfo` is needed. It is needed as bytes, because
//! a path need not be text.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// The largest number of symbolic links that are followed in one path. The kernel has the same limit.
const MAX_LINKS: usize = 40;

/// The mount points of all file systems.
#[derive(Debug, Clone, Default)]
pub(super) struct MountPoints(Vec<PathBuf>);

impl MountPoints {
    /// The mount points of this system. Where the system does not report them, there are none, and all files count as
    /// being on one file system.
    pub fn read() -> Self {
        std::fs::read("/proc/self/mountinfo").map(|text| Self::parse(&text)).unwrap_or_default()
    }

    /// Parses `/proc/self/mountinfo`, proc_pid_mountinfo(5): the fifth field is the mount point.
    pub fn parse(text: &[u8]) -> Self {
        let lines = text.split(|byte| *byte == b'\n');
        Self(lines.filter_map(|line| line.split(|byte| *byte == b' ').nth(4)).map(unescape).collect())
    }

    /// The mount point above a path without symbolic links.
    fn mount_of(&self, path: &Path) -> &Path {
        let below = self.0.iter().map(PathBuf::as_path).filter(|mount| path.starts_with(mount));
        below.max_by_key(|mount| mount.as_os_str().len()).unwrap_or(Path::new("/"))
    }

    /// Follows an absolute `path` component by component, and calls `enter` before each file system is touched. `link`
    /// returns the target of a symbolic link, and `None` for anything else.
    ///
    /// # Errors
    /// The error of `enter`.
    pub fn follow<E>(
        &self,
        path: &Path,
        link: impl Fn(&Path) -> Option<PathBuf>,
        mut enter: impl FnMut(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        let components =
            |path: &Path| path.components().rev().map(|component| component.as_os_str().to_owned()).collect::<Vec<_>>();
        let mut rest: Vec<OsString> = components(path);
        let mut current = PathBuf::from("/");
        let mut entered: Option<&Path> = None;
        let mut links = 0;
        while let Some(component) = rest.pop() {
            match Path::new(&component).components().next() {
                Some(Component::Normal(name)) => current.push(name),
                Some(Component::ParentDir) => {
                    current.pop();
                    continue;
                }
                Some(Component::RootDir) => {
                    current = PathBuf::from("/");
                    continue;
                }
                _ => continue,
            }
            let mount = self.mount_of(&current);
            if entered != Some(mount) {
                enter(mount)?;
                entered = Some(mount);
            }
            // A mount point is a folder and not a link. Reading it would touch the file system that is mounted there.
            if mount == current {
                continue;
            }
            if let Some(target) = link(&current).filter(|_| links < MAX_LINKS) {
                links += 1;
                current.pop();
                rest.extend(components(&target));
            }
        }
        Ok(())
    }
}

/// Decodes a field in which space, tab, line feed and backslash are written as `\` and three octal digits.
fn unescape(field: &[u8]) -> PathBuf {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    PathBuf::from(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &[u8] = b"22 1 0:20 / / rw - ext4 /dev/sda rw\n\
        30 22 0:30 / /mnt/nas rw - nfs4 host:/x rw\n\
        31 22 0:31 / /media/my\\040stick rw - vfat /dev/sdb rw\n\
        32 30 0:32 / /mnt/nas/inner rw - fuse y rw\n";

    /// The file systems that a path touches, in order.
    fn touched(path: &str) -> Vec<String> {
        let mut touched = Vec::new();
        let link = |at: &Path| match at.to_str() {
            Some("/home/dj/Music") => Some("/mnt/nas/music".into()),
            Some("/mnt/nas/music/up") => Some("../../../srv".into()),
            Some("/home/loop") => Some("loop".into()),
            _ => None,
        };
        let enter = |mount: &Path| {
            touched.push(mount.to_str().unwrap().to_owned());
            Ok::<(), ()>(())
        };
        MountPoints::parse(INFO).follow(Path::new(path), link, enter).unwrap();
        touched
    }

    #[test]
    fn a_path_touches_the_file_systems_it_leads_through() {
        for (path, expected) in [
            ("/srv/a.wav", vec!["/"]),
            ("/mnt/nas/a.wav", vec!["/", "/mnt/nas"]),
            ("/mnt/nasty/a.wav", vec!["/"]),
            ("/media/my stick/a.wav", vec!["/", "/media/my stick"]),
            ("/home/dj/Music/a.wav", vec!["/", "/mnt/nas"]),
            ("/home/dj/Music/up/a.wav", vec!["/", "/mnt/nas", "/"]),
            ("/mnt/nas/inner/a.wav", vec!["/", "/mnt/nas", "/mnt/nas/inner"]),
            ("/mnt/nas/../../srv/a.wav", vec!["/", "/mnt/nas", "/"]),
            ("/home/loop", vec!["/"]),
        ] {
            assert_eq!(touched(path), expected, "{path}");
        }
    }

    #[test]
    fn a_file_system_that_is_not_entered_is_not_touched() {
        let link = |at: &Path| panic!("{} was touched", at.display());
        let enter = |mount: &Path| Err::<(), _>(mount.to_owned());
        let without = MountPoints(vec!["/".into(), "/mnt".into()]);
        assert_eq!(without.follow(Path::new("/mnt/a/b"), link, enter), Err("/mnt".into()));
        assert_eq!(MountPoints::default().follow(Path::new("/a"), link, enter), Err("/".into()));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_file_systems_of_this_system_are_read() {
        let mounts = MountPoints::read();
        assert_eq!(
            (mounts.mount_of(Path::new("/proc/self")), mounts.mount_of(Path::new("/no/such"))),
            ("/proc".as_ref(), "/".as_ref())
        );
    }
}
