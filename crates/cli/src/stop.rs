//! Signals that stop a program, the same for all programs that run until they are stopped.
//!
//! The first signal (SIGINT, which is Ctrl-C, SIGTERM or SIGHUP) stops a program in order: files are finished, and the exit status
//! is the same as without a signal. A second signal ends it at once with status 130, in case the orderly stop takes too long.
//! Programs that end by themselves do not handle these signals, so the system ends them at the first one. Under `nohup` SIGHUP
//! stays ignored.

use std::{fs, io, thread};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The exit status after a second signal, which is the status that shells report for SIGINT.
const AT_ONCE: i32 = 130;

/// Calls `stop` at the first signal, on another thread, and ends the program at the second one.
///
/// # Errors
/// When the handler cannot be installed, or the thread cannot be started.
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

/// Whether this process was started with SIGHUP ignored. Linux has this in a mask (proc_pid_status(5)).
fn hang_up_is_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 << (SIGHUP - 1) != 0)
}
