//! How many files and connections the system lets a process have open (`RLIMIT_NOFILE`).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The system allows fewer open files than may be needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{needed} files and connections may be open at once and the system allows {allowed}: raise its limit (ulimit -n, \
     LimitNOFILE=), or allow fewer streams and connections"
)]
pub struct TooFew {
    /// How many may be needed.
    pub needed: u64,
    /// How many there may be.
    pub allowed: u64,
}

/// Allows this process `needed` open files and connections, as far as it may; a limit that is higher stays.
///
/// # Errors
/// [`TooFew`]: what is beyond the limit will be refused or wait.
pub fn allow(needed: u64) -> Result<(), TooFew> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // No limit is none.
    let Some(current) = current.filter(|current| *current < needed) else { return Ok(()) };
    let wanted = maximum.map_or(needed, |maximum| needed.min(maximum));
    let raised = wanted > current && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok();
    let allowed = if raised { wanted } else { current };
    if allowed < needed { Err(TooFew { needed, allowed }) } else { Ok(()) }
}
