//! The routes.

use axum::Router;
use axum::routing::get;
use crowd_web::not_found;

use super::app::SharedApp;
use super::{listen, now, stream};

/// The routes.
pub fn router(app: SharedApp) -> Router {
    Router::new()
        .route("/{playlist}", get(stream::playlist))
        .route("/segments/{name}", get(stream::segment))
        .route("/listen.aac", get(listen::aac))
        .route("/listen.opus", get(listen::opus))
        .route("/now.json", get(now::now_playing))
        .route("/healthz", get(now::health))
        .fallback(not_found)
        .with_state(app)
}
