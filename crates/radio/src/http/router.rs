//! The routes.

use axum::Router;
use axum::routing::get;
use crowd_web::not_found;

use super::app::SharedApp;
use super::{now, stream};

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
