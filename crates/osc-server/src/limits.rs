//! What the system lets this process have: realtime priority, and memory that stays.

use std::fmt;

/// Whether what the process has touched stays in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    /// It does, or may.
    Locked,
    /// It may not: locked memory counts against a limit of so many bytes, and what comes after it would be refused.
    Limited(u64),
    /// The system gave this reason.
    Refused(String),
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way_out = "allow it with `@audio - memlock unlimited` in /etc/security/limits.d/audio.conf";
        match self {
            Self::Locked => f.write_str("memory is locked: nothing of it is swapped out"),
            Self::Limited(bytes) => write!(
                f,
                "memory is not locked, for only {} KiB may be: a busy system may swap it out, which is heard; {way_out}",
                bytes >> 10,
            ),
            Self::Refused(cause) => write!(f, "memory is not locked ({cause}): {way_out}"),
        }
    }
}

/// What there is of both on Linux.
#[cfg(target_os = "linux")]
mod system {
    use super::Lock;
    use rustix::mm::{MlockAllFlags, mlockall};
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use rustix::thread::{CapabilitySet, capabilities};

    fn may(capability: CapabilitySet) -> bool {
        capabilities(None).is_ok_and(|sets| sets.effective.contains(capability))
    }

    /// Whether memory may be locked.
    pub fn memory() -> Lock {
        let limit = getrlimit(Resource::Memlock);
        match limit.current {
            Some(bytes) if limit.maximum.is_some() && !may(CapabilitySet::IPC_LOCK) => Lock::Limited(bytes),
            _ => Lock::Locked,
        }
    }

    /// Locks what the process has touched, and from now on touches, if all that is still to come may be locked too.
    pub fn lock_memory() -> Lock {
        let allowed = memory();
        if allowed != Lock::Locked {
            return allowed;
        }
        let unlimited = Rlimit { current: None, maximum: None };
        if getrlimit(Resource::Memlock).maximum.is_none() {
            // Where it fails, the next call says so.
            let _unchanged = setrlimit(Resource::Memlock, unlimited);
        }
        // Not before it is touched: of the stacks and arenas that are reserved, most never is.
        match mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT) {
            Ok(()) => Lock::Locked,
            Err(error) => Lock::Refused(error.to_string()),
        }
    }

    /// Whether a thread of this process may have the realtime priority that the engine asks for.
    pub fn realtime() -> bool {
        getrlimit(Resource::Rtprio).current.is_none_or(|most| most >= 10) || may(CapabilitySet::SYS_NICE)
    }
}

/// Elsewhere the sound service sees to the priority, and memory is left to the system.
#[cfg(not(target_os = "linux"))]
mod system {
    use super::Lock;

    /// Whether memory may be locked.
    pub fn memory() -> Lock {
        Lock::Refused("this system has no such call".into())
    }

    /// Locks nothing.
    pub fn lock_memory() -> Lock {
        memory()
    }

    /// Whether the audio thread gets the priority it needs.
    pub fn realtime() -> bool {
        true
    }
}

pub use system::{lock_memory, memory, realtime};
