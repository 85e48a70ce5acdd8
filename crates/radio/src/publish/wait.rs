//! How the threads of publishers wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The longest time until something new is published, and until a stop is noticed.
pub(super) const POLL: Duration = Duration::from_millis(50);

/// Waits, at most until `stopped`.
pub(super) fn wait(time: Duration, stopped: &AtomicBool) {
    let end = Instant::now() + time;
    while !stopped.load(Ordering::Relaxed) && Instant::now() < end {
        thread::sleep(POLL.min(end.saturating_duration_since(Instant::now())));
    }
}
