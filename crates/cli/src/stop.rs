//! When programs are told to stop: one rule for all that run until then.
//!
//! The first signal (SIGINT, which is Ctrl-C, SIGTERM or SIGHUP) ends a program in order: what is open is finished, and its status
//! is the same as if it had come to its end. Should that take too long, a second signal ends it at once, with status 130. Programs
//! that run to an end of their own have nothing to finish, and are ended by the first as the system does it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// The status of a program that was ended at once: the one that a shell gives a program that SIGINT ended.
const AT_ONCE: i32 = 130;

/// Calls `stop` at the first signal, on a thread of its own, and ends the program at the second.
///
/// # Errors
/// When the system takes no handler.
pub fn on_signal(stop: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let mut stop = Some(stop);
    let handler = move || {
        signalled();
        if let Some(stop) = stop.take() {
            stop();
        }
    };
    ctrlc::set_handler(handler).map_err(io::Error::other)
}

/// For a program that waits for signals by itself: to be called at each of them. It tells of the first, and does not return from
/// the second.
pub fn signalled() {
    static STOPPING: AtomicBool = AtomicBool::new(false);
    if STOPPING.swap(true, Ordering::Relaxed) {
        std::process::exit(AT_ONCE);
    }
    tracing::info!("stopping; a second signal ends the program at once");
}
