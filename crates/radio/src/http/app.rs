//! The state of the server, which all handlers use.

use std::sync::{Arc, PoisonError, RwLock};

use crowd_web::metrics::ResponseCounts;

use crate::station::Published;

/// The state of the server.
#[derive(Debug, Default)]
pub struct App {
    /// What the publisher has published.
    pub published: Arc<RwLock<Published>>,
    /// Counters of the responses.
    pub responses: Arc<ResponseCounts>,
}

/// The state, as the handlers receive it.
pub type SharedApp = Arc<App>;

impl App {
    /// What is published now.
    pub fn now(&self) -> Published {
        self.published.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
