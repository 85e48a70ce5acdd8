//! The times between attempts to connect.

use std::time::Duration;

/// The time before a restart: `attempt` counts from 1, and the time doubles with each.
pub(super) fn restart_after(first: Duration, longest: Duration, attempt: u32) -> Duration {
    let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(longest)
}
