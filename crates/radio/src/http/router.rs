//! The routes.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use crowd_web::not_found;
use crowd_web::token::{Token, admit};

use super::app::SharedApp;
use super::{listen, now, stream};

/// The routes. If there is a token, all require it but `/healthz` and the segments: nobody can guess the hash in the name of a segment, and
/// players do not send the token of a playlist with them.
pub fn router(app: SharedApp, token: Option<Token>) -> Router {
    Router::new()
        .route("/{playlist}", get(stream::playlist))
        .route("/listen.aac", get(listen::aac))
        .route("/listen.opus", get(listen::opus))
        .route("/now.json", get(now::now_playing))
        .layer(from_fn_with_state(token, admit))
        .route("/segments/{name}", get(stream::segment))
        .route("/healthz", get(now::health))
        .fallback(not_found)
        .with_state(app)
}
