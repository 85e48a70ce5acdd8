//! The routes.

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::routing::get;
use crowd_web::metrics::ResponseCounts;
use crowd_web::not_found;

use super::{now, stream};
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

/// The routes.
pub fn router(app: SharedApp) -> Router {
    Router::new()
        .route("/stream.m3u8", get(stream::playlist))
        .route("/segments/{name}", get(stream::segment))
        .route("/now.json", get(now::now_playing))
        .route("/healthz", get(now::health))
        .fallback(not_found)
        .with_state(app)
}
