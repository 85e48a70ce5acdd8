//! The limit of open files and connections of a process (`RLIMIT_NOFILE`).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The system allows fewer open files than may be needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{needed} files and connections may be open at once and the system allows {allowed}: raise its limit (ulimit -n, \
     LimitNOFILE=), or allow fewer streams and connections"
)]
pub struct TooFewOpenFiles {
    /// How many may be needed.
    pub needed: u64,
    /// How many the system allows.
    pub allowed: u64,
}

/// Raises the limit of this process to `needed` open files and connections, as far as the system permits. A higher limit stays.
///
/// # Errors
/// [`TooFewOpenFiles`] when the limit is still lower than `needed`: files and connections beyond it cannot be opened.
pub fn raise_limit(needed: u64) -> Result<(), TooFewOpenFiles> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // `None` means that there is no limit.
    let Some(current) = current.filter(|current| *current < needed) else { return Ok(()) };
    let target = maximum.map_or(needed, |maximum| needed.min(maximum));
    let raised = target > current && setrlimit(Resource::Nofile, Rlimit { current: Some(target), maximum }).is_ok();
    let allowed = if raised { target } else { current };
    if allowed < needed { Err(TooFewOpenFiles { needed, allowed }) } else { Ok(()) }
}
