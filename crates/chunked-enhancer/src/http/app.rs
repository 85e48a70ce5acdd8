//! What all requests share.

use std::sync::Arc;
use std::time::Instant;

use crowd_library::{ContentIndex, Library};
use crowd_web::metrics::ResponseCounts;
use crowd_web::{Connections, StreamSlots};

use crate::jobs::Jobs;
use crate::uploads::Uploads;

/// All that a request needs.
pub struct App {
    /// The music.
    pub library: Arc<Library>,
    /// What its files hold.
    pub contents: ContentIndex,
    /// What was sent to be tried.
    pub uploads: Arc<Uploads>,
    /// The work.
    pub jobs: Jobs,
    /// The slots of streams.
    pub streams: StreamSlots,
    /// The connections there are.
    pub connections: Connections,
    /// How requests were answered.
    pub answers: Arc<ResponseCounts>,
    /// When the server was started.
    pub started: Instant,
}

/// The same for every request.
pub type Shared = Arc<App>;

impl App {
    /// A server of `library` and `uploads`, of which so many streams may be sent at once.
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
            answers: Arc::default(),
            started: Instant::now(),
        }
    }
}
