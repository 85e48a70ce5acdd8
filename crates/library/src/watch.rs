//! Scanning the folder of a library at intervals.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::library::Library;

impl Library {
    /// Scans the folder on another thread, at once and then after each `interval`, or only once when the interval is zero. The
    /// number of tracks is logged when it has changed. The thread ends after the last clone of the library is dropped.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn watch(self: &Arc<Self>, interval: Duration) -> io::Result<()> {
        let library = Arc::downgrade(self);
        let scan = move || {
            let mut known = None;
            while let Some(library) = library.upgrade() {
                library.scan();
                let (tracks, unreadable) = (library.tracks().len(), library.unreadable());
                if known != Some((tracks, unreadable.len())) {
                    tracing::info!(tracks, unreadable = unreadable.len(), "scanned the library");
                    for file in &unreadable {
                        tracing::warn!(file = %file.path.display(), "left out: {}", file.problem);
                    }
                    known = Some((tracks, unreadable.len()));
                }
                drop(library);
                if interval.is_zero() {
                    return;
                }
                thread::sleep(interval);
            }
        };
        thread::Builder::new().name("library".to_owned()).spawn(scan).map(drop)
    }
}
