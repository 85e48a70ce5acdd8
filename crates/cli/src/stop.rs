//! When programs are told to stop: one rule for all that run until then.
//!
//! The first signal (SIGINT, which is Ctrl-C, SIGTERM or SIGHUP) ends a program in order: what is open is finished, and its status
//! is the same as if it had come to its end. Should that take too long, a second signal ends it at once, with status 130. Programs
//! that run to an end of their own have nothing to finish, and are ended by the first as the system does it. Under `nohup`, where
//! SIGHUP is ignored, it stays ignored.

use std::{fs, io, thread};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The status of a program that was ended at once: the one that a shell gives a program that SIGINT ended.
const AT_ONCE: i32 = 130;

/// Calls `stop` at the first signal, on a thread of its own, and ends the program at the second.
///
/// # Errors
/// When the system takes no handler, or starts no thread.
pub fn on_signal(stop: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let hang_up = (!hang_up_is_ignored()).then_some(SIGHUP);
    let mut signals = Signals::new([SIGINT, SIGTERM].into_iter().chain(hang_up))?;
    let mut stop = Some(stop);
    let listen = move || {
        for _signal in signals.forever() {
            let Some(stop) = stop.take() else { std::process::exit(AT_ONCE) };
            tracing::info!("stopping; a second signal ends the program at once");
            stop();
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(listen)?;
    Ok(())
}

/// Whether this process was started with SIGHUP ignored, which Linux tells in a mask (proc_pid_status(5)).
fn hang_up_is_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 << (SIGHUP - 1) != 0)
}
