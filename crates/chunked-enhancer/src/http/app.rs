//! What all requests share.

use std::sync::Arc;
use std::time::Instant;

use crowd_library::{Contents, Library};
use crowd_web::Places;
use crowd_web::metrics::Answers;

use crate::jobs::Jobs;

/// All that a request needs.
pub struct App {
    /// The music.
    pub library: Arc<Library>,
    /// What its files hold.
    pub contents: Contents,
    /// The work.
    pub jobs: Jobs,
    /// Places for streams.
    pub streams: Places,
    /// How requests were answered.
    pub answers: Arc<Answers>,
    /// When the server was started.
    pub started: Instant,
}

/// The same for every request.
pub type Shared = Arc<App>;

impl App {
    /// A server of `library`, of which so many streams may be open at once.
    pub fn new(library: Arc<Library>, jobs: Jobs, streams: usize) -> Self {
        Self {
            library,
            contents: Contents::default(),
            jobs,
            streams: Places::new("streams", streams),
            answers: Arc::default(),
            started: Instant::now(),
        }
    }
}
