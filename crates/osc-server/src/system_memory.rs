//! The memory that this process may use.
//!
//! Three short files of Linux are read here. A crate for system information would add processes, disks and networks.

use std::fs;
use std::path::{Path, PathBuf};

/// The bytes of memory that this process may use. It is the memory of the machine, or less where a control group of Linux
/// (a container, a systemd unit) has a limit. `None` where the system does not report it.
#[must_use]
pub fn bytes() -> Option<u64> {
    bytes_below(Path::new("/"))
}

/// The bytes of memory that this process may use on a system whose root folder is `root`.
fn bytes_below(root: &Path) -> Option<u64> {
    let machine = fs::read_to_string(root.join("proc/meminfo")).ok().and_then(|text| parse_total(&text));
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let limits = groups.lines().flat_map(|line| limits(root, line));
    machine.into_iter().chain(limits).min()
}

/// Parses `MemTotal:  24683520 kB`, proc_meminfo(5).
fn parse_total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1 << 10)
}

/// The limits of a control group and of the groups above it. `line` is a line of `/proc/self/cgroup`, which has the form
/// `number:controllers:path`, see cgroups(7). In version 2 of control groups the controllers are empty. In a container
/// the path may be missing below the mount point; then only the root of the mount is used.
fn limits(root: &Path, line: &str) -> Vec<u64> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { return Vec::new() };
    let (mount, file) = match controllers {
        "" => ("sys/fs/cgroup", "memory.max"),
        _ if controllers.split(',').any(|name| name == "memory") => ("sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        _ => return Vec::new(),
    };
    let mount = root.join(mount);
    let group: PathBuf = mount.join(path.trim_start_matches('/'));
    let above = group.ancestors().take_while(|folder| folder.starts_with(&mount));
    // "max" means no limit.
    above.filter_map(|folder| fs::read_to_string(folder.join(file)).ok()?.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory_of(files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        bytes_below(root.path())
    }

    const MEMINFO: (&str, &str) = ("proc/meminfo", "MemTotal:        8000000 kB\nMemFree: 1 kB\n");
    const ALL: u64 = 8_000_000 << 10;

    #[test]
    fn the_smallest_limit_of_machine_and_groups_is_used() {
        let v2 = ("proc/self/cgroup", "0::/system.slice/audio.service\n");
        let v1 = ("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n");
        for (files, expected) in [
            (vec![], None),
            (vec![MEMINFO], Some(ALL)),
            (vec![MEMINFO, v2], Some(ALL)),
            (vec![MEMINFO, v2, ("sys/fs/cgroup/system.slice/audio.service/memory.max", "max\n")], Some(ALL)),
            (vec![MEMINFO, v2, ("sys/fs/cgroup/system.slice/audio.service/memory.max", "5000\n")], Some(5_000)),
            (vec![MEMINFO, v2, ("sys/fs/cgroup/system.slice/memory.max", "7000\n")], Some(7_000)),
            // A container in which its own group is the root.
            (vec![MEMINFO, v1, ("sys/fs/cgroup/memory/memory.limit_in_bytes", "6000\n")], Some(6_000)),
            (
                vec![MEMINFO, v1, ("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n")],
                Some(ALL),
            ),
            (vec![MEMINFO, v1, ("sys/fs/cgroup/cpu/x/memory.max", "1\n")], Some(ALL)),
        ] {
            assert_eq!(memory_of(&files), expected, "{files:?}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_memory_of_this_machine_is_read() {
        assert!(bytes().is_some_and(|bytes| bytes > 16 << 20), "{:?}", bytes());
    }
}
