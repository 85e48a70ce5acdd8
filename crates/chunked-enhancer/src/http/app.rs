//! The state of the server, which all handlers use.

use std::sync::Arc;
use std::time::Instant;

use crowd_library::{ContentIndex, Library};
use crowd_web::metrics::ResponseCounts;
use crowd_web::{Connections, StreamSlots};

use crate::jobs::Jobs;
use crate::uploads::Uploads;

/// The state of the server.
pub struct App {
    /// The library.
    pub library: Arc<Library>,
    /// The index of the contents of the files of the library.
    pub contents: ContentIndex,
    /// The uploads.
    pub uploads: Arc<Uploads>,
    /// The jobs.
    pub jobs: Jobs,
    /// The slots of streams, which limit their number.
    pub streams: StreamSlots,
    /// The connections.
    pub connections: Connections,
    /// Counters of the responses.
    pub responses: Arc<ResponseCounts>,
    /// When the server was started.
    pub started: Instant,
}

/// The state, as the handlers receive it.
pub type SharedApp = Arc<App>;

impl App {
    /// The state of a server that serves `library` and `uploads`, and sends at most `streams` streams at once.
    pub fn new(
        library: Arc<Library>,
        contents: ContentIndex,
        uploads: Arc<Uploads>,
        jobs: Jobs,
        streams: usize,
        connections: Connections,
    ) -> Self {
        Self {
            library,
            contents,
            uploads,
            jobs,
            streams: StreamSlots::new("streams", streams),
            connections,
            responses: Arc::default(),
            started: Instant::now(),
        }
    }
}
