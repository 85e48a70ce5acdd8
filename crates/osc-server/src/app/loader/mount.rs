//! On which file system a path lies, found without touching that file system.
//!
//! One field of `/proc/self/mountinfo` is needed, as bytes, for a path need not be text; so no crate that reads all of `/proc`.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// Symbolic links that are followed in one path, as the kernel does.
const MOST_LINKS: usize = 40;

/// The points at which file systems are mounted.
#[derive(Debug, Clone, Default)]
pub(super) struct Mounts(Vec<PathBuf>);

impl Mounts {
    /// Those of this system; none where it does not tell them, and then all files count as lying on one.
    pub fn read() -> Self {
        std::fs::read("/proc/self/mountinfo").map(|text| Self::parse(&text)).unwrap_or_default()
    }

    /// Reads the format of `/proc/self/mountinfo`, proc_pid_mountinfo(5): the fifth field is the mount point.
    pub fn parse(text: &[u8]) -> Self {
        let lines = text.split(|byte| *byte == b'\n');
        Self(lines.filter_map(|line| line.split(|byte| *byte == b' ').nth(4)).map(unescaped).collect())
    }

    /// The mount point that a path without symbolic links lies below.
    fn of(&self, path: &Path) -> &Path {
        let below = self.0.iter().map(PathBuf::as_path).filter(|mount| path.starts_with(mount));
        below.max_by_key(|mount| mount.as_os_str().len()).unwrap_or(Path::new("/"))
    }

    /// Follows an absolute `path` part by part, and has `enter` agree to each file system before it is touched. `link` tells
    /// where a symbolic link leads to, and nothing for anything else.
    ///
    /// # Errors
    /// What `enter` says.
    pub fn follow<E>(
        &self,
        path: &Path,
        link: impl Fn(&Path) -> Option<PathBuf>,
        mut enter: impl FnMut(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        let parts = |path: &Path| path.components().rev().map(|part| part.as_os_str().to_owned()).collect::<Vec<_>>();
        let mut rest: Vec<OsString> = parts(path);
        let mut here = PathBuf::from("/");
        let mut entered: Option<&Path> = None;
        let mut links = 0;
        while let Some(part) = rest.pop() {
            match Path::new(&part).components().next() {
                Some(Component::Normal(name)) => here.push(name),
                Some(Component::ParentDir) => {
                    here.pop();
                    continue;
                }
                Some(Component::RootDir) => {
                    here = PathBuf::from("/");
                    continue;
                }
                _ => continue,
            }
            let mount = self.of(&here);
            if entered != Some(mount) {
                enter(mount)?;
                entered = Some(mount);
            }
            // A mount point is a folder: that needs not be asked, and would be answered by what is mounted there.
            if mount == here {
                continue;
            }
            if let Some(target) = link(&here).filter(|_| links < MOST_LINKS) {
                links += 1;
                here.pop();
                rest.extend(parts(&target));
            }
        }
        Ok(())
    }
}

/// A field in which space, tab, line feed and backslash are written as `\` and three octal digits.
fn unescaped(field: &[u8]) -> PathBuf {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = behind.get(3..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = behind;
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

    /// The file systems a path touches, in this order.
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
        Mounts::parse(INFO).follow(Path::new(path), link, enter).unwrap();
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
        let without = Mounts(vec!["/".into(), "/mnt".into()]);
        assert_eq!(without.follow(Path::new("/mnt/a/b"), link, enter), Err("/mnt".into()));
        assert_eq!(Mounts::default().follow(Path::new("/a"), link, enter), Err("/".into()));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_system_tells_its_file_systems() {
        let mounts = Mounts::read();
        assert_eq!(
            (mounts.of(Path::new("/proc/self")), mounts.of(Path::new("/no/such"))),
            ("/proc".as_ref(), "/".as_ref())
        );
    }
}
