//! What plays, and whether the station runs.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::app::SharedApp;
use super::stream::CORS;

/// `GET /now.json`: the item that plays at the end of the playlist, and those that follow.
pub async fn now_playing(State(app): State<SharedApp>) -> impl IntoResponse {
    let now = app.now();
    ([CORS, (header::CACHE_CONTROL, "no-cache")], Json(json!({ "playing": now.playing, "next": now.next })))
}

/// `GET /healthz`: status 200 when a playlist is published, and 503 before.
pub async fn health(State(app): State<SharedApp>) -> (StatusCode, Json<Value>) {
    let now = app.now();
    let ok = now.published_segments > 0 && !now.segments.is_empty();
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let (listeners, dropped) = (app.listeners.now(), app.listeners.dropped());
    let segments = now.published_segments;
    let health =
        json!({ "ok": ok, "published_segments": segments, "listeners": listeners, "dropped_listeners": dropped });
    (status, Json(health))
}
