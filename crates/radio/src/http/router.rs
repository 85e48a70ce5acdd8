//! The routes.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post, put};
use crowd_web::{not_found, token};

use super::app::SharedApp;
use crate::page;

use super::{control, ipfs, listen, now, operator, stream};
use crate::publish::SharedGateway;

/// The routes.
pub fn router(app: SharedApp, gateway: Option<SharedGateway>) -> Router {
    Router::new()
        .route("/{playlist}", get(stream::playlist))
        .route("/segments/{name}", get(stream::segment))
        .route("/listen.aac", get(listen::aac))
        .route("/listen.opus", get(listen::opus))
        .route("/now.json", get(now::now_playing))
        .route("/events", get(now::events))
        .route("/covers/{item}", get(now::cover))
        .route("/healthz", get(now::health))
        .route("/metrics", get(now::metrics))
        .merge(ipfs::routes(gateway))
        .merge(page::routes())
        .merge(commands(&app))
        .fallback(not_found)
        .with_state(app)
}

/// The routes that need the token.
fn commands(app: &SharedApp) -> Router<SharedApp> {
    if app.token.is_none() {
        return Router::new().route("/api/{*path}", any(control::no_token));
    }
    Router::new()
        .route("/api/skip", post(control::skip))
        .route("/api/requests", post(control::request))
        .route("/api/requests", put(operator::arrange_requests))
        .route("/api/status", get(operator::status))
        .route("/api/schedule", get(operator::schedule))
        .route("/api/figures", get(operator::figures))
        .route("/api/history", get(operator::history))
        .route("/api/items", get(control::items))
        .route("/api/live/disconnect", post(control::disconnect))
        .route_layer(from_fn_with_state(app.token, token::admit))
}
