//! The thread of `--publish ipfs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;

use crate::error::Error;
use crate::publish::Progress;
use crate::station::Published;

/// The longest time until an update is published, and until a stop is noticed.
const POLL: Duration = Duration::from_millis(100);
/// The time until something that failed is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// Publishes each update by `publish`, in a thread of its own until `stopped`. An update that comes meanwhile is left out.
///
/// # Errors
/// [`Error::Io`] when the thread cannot be started.
pub fn publish_in_background(
    mut publish: impl FnMut(&Published) -> Result<(), String> + Send + 'static,
    mut published: watch::Receiver<Arc<Published>>,
    progress: Arc<Progress>,
    stopped: Arc<AtomicBool>,
) -> Result<(), Error> {
    let work = move || {
        published.mark_changed();
        while !stopped.load(Ordering::Relaxed) {
            if !published.has_changed().unwrap_or(false) {
                thread::sleep(POLL);
                continue;
            }
            let now = published.borrow_and_update().clone();
            if now.segments.is_empty() {
                continue;
            }
            match publish(&now) {
                Ok(()) => progress.publishing(),
                Err(error) => {
                    progress.failed(format!("the IPNS name stands for what it did before: {error}"));
                    thread::sleep(RETRY);
                }
            }
        }
    };
    let thread = thread::Builder::new().name("ipfs".to_owned());
    thread.spawn(work).map_err(|error| Error::io("the thread that publishes on IPFS", "start", error))?;
    Ok(())
}
