//! The routes.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{delete, get};
use crowd_web::not_found;
use crowd_web::token::{Token, admit};

use super::app::SharedApp;
use super::{api, files, hls, jobs, metrics, uploads};

/// The most bytes in the body of a request. Uploads have a limit of their own, because they are written to the disk as they arrive.
const LARGEST_REQUEST: usize = 16 << 10;

/// The routes. If there is a token, all routes except the page and `/healthz` require it.
pub fn router(app: SharedApp, token: Option<Token>) -> Router {
    Router::new()
        .route("/api/tracks", get(api::tracks))
        .route("/api/tracks/{id}", get(api::track))
        .route("/api/tracks/{id}/cover", get(api::cover))
        .route("/api/tracks/{id}/peaks", get(api::peaks))
        .route("/api/uploads", get(uploads::all).post(uploads::receive))
        .route("/api/uploads/{id}", delete(uploads::remove))
        .route("/api/status", get(api::status))
        .route("/api/presets", get(api::presets))
        .route("/api/jobs", get(jobs::all).post(jobs::prepare))
        .route("/api/jobs/{id}", get(jobs::one).delete(jobs::cancel))
        .route("/api/jobs/{id}/events", get(jobs::events))
        .route("/stream/{id}", get(files::stream))
        .route("/stream/{id}/index.m3u8", get(hls::playlist))
        .route("/stream/{id}/init.mp4", get(hls::initialization_segment))
        .route("/stream/{id}/{segment}", get(hls::segment))
        .route("/original/{id}", get(files::original))
        .route("/metrics", get(metrics::show))
        .layer(middleware::from_fn_with_state(token, admit))
        // The page needs no token. It contains no secrets, and the user enters the token on it.
        .merge(crate::page::routes())
        .route("/healthz", get(api::health))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .with_state(app)
}
