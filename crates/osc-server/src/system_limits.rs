//! The permissions of this process: realtime priority and locked memory.

use std::fmt;

/// Whether the memory of the process is locked. Locked memory is never swapped out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemoryLock {
    /// It is locked, or may be.
    Locked,
    /// It may not be locked. Locked memory counts against this limit, in bytes, and allocations beyond the limit would fail.
    Limited(u64),
    /// The system refused, with this error.
    Refused(String),
}

impl fmt::Display for MemoryLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = "allow it with `@audio - memlock unlimited` in /etc/security/limits.d/audio.conf";
        match self {
            Self::Locked => f.write_str("memory is locked: it is never swapped out"),
            Self::Limited(bytes) => write!(
                f,
                "memory is not locked, because the limit is {} KiB: a busy system may swap it out, which makes the sound drop out; {how}",
                bytes >> 10,
            ),
            Self::Refused(cause) => write!(f, "memory is not locked ({cause}): {how}"),
        }
    }
}

/// The limits on Linux.
#[cfg(target_os = "linux")]
mod system {
    use super::MemoryLock;
    use rustix::mm::{MlockAllFlags, mlockall};
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use rustix::thread::{CapabilitySet, capabilities};

    fn has_capability(capability: CapabilitySet) -> bool {
        capabilities(None).is_ok_and(|sets| sets.effective.contains(capability))
    }

    /// Whether memory may be locked.
    pub fn memory_lock() -> MemoryLock {
        let limit = getrlimit(Resource::Memlock);
        match limit.current {
            Some(bytes) if limit.maximum.is_some() && !has_capability(CapabilitySet::IPC_LOCK) => {
                MemoryLock::Limited(bytes)
            }
            _ => MemoryLock::Locked,
        }
    }

    /// Locks all pages that are in use now or later, unless a limit would make later allocations fail.
    pub fn lock_memory() -> MemoryLock {
        let allowed = memory_lock();
        if allowed != MemoryLock::Locked {
            return allowed;
        }
        let unlimited = Rlimit { current: None, maximum: None };
        if getrlimit(Resource::Memlock).maximum.is_none() {
            // When this fails, the limit is unchanged, and `mlockall` reports the error.
            let _unchanged = setrlimit(Resource::Memlock, unlimited);
        }
        // Pages are locked when they are first used, because most of the reserved stacks and heaps are never used.
        match mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT) {
            Ok(()) => MemoryLock::Locked,
            Err(error) => MemoryLock::Refused(error.to_string()),
        }
    }

    /// From now on a crash of this process writes no core file.
    pub fn write_no_core_files() {
        let limit = getrlimit(Resource::Core);
        // Every process may lower its own limit.
        let _lowered = setrlimit(Resource::Core, Rlimit { current: Some(0), ..limit });
    }

    /// Whether a thread of this process may have the realtime priority that the engine requests.
    pub fn realtime_permitted() -> bool {
        getrlimit(Resource::Rtprio).current.is_none_or(|most| most >= 10) || has_capability(CapabilitySet::SYS_NICE)
    }
}

/// On other systems the sound service grants the priority, and memory is not locked.
#[cfg(not(target_os = "linux"))]
mod system {
    use super::MemoryLock;

    /// Whether memory may be locked.
    pub fn memory_lock() -> MemoryLock {
        MemoryLock::Refused("this system has no such call".into())
    }

    /// Locks nothing.
    pub fn lock_memory() -> MemoryLock {
        memory_lock()
    }

    /// Changes nothing.
    pub fn write_no_core_files() {}

    /// Whether the audio thread may have realtime priority.
    pub fn realtime_permitted() -> bool {
        true
    }
}

pub use system::{lock_memory, memory_lock, realtime_permitted, write_no_core_files};
