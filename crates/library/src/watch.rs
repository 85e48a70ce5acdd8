//! Looking through the folder again and again.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::library::Library;

impl Library {
    /// Scans the folder on a thread of its own, now and again after each `every`; once, when that is zero. What is found is
    /// logged when it has changed. The thread ends with the last clone of the library.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn watch(self: &Arc<Self>, every: Duration) -> io::Result<()> {
        let library = Arc::downgrade(self);
        let look = move || {
            let mut known = None;
            while let Some(library) = library.upgrade() {
                library.scan();
                let (tracks, unreadable) = (library.tracks().len(), library.unreadable());
                if known != Some((tracks, unreadable.len())) {
                    tracing::info!(tracks, unreadable = unreadable.len(), "looked through the library");
                    for file in &unreadable {
                        tracing::warn!(file = %file.path.display(), "left out: {}", file.problem);
                    }
                    known = Some((tracks, unreadable.len()));
                }
                drop(library);
                if every.is_zero() {
                    return;
                }
                thread::sleep(every);
            }
        };
        thread::Builder::new().name("library".to_owned()).spawn(look).map(drop)
    }
}
