//! What plays, and whether the station runs.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use crowd_web::metrics::Metrics;
use crowd_web::{Problem, blocking};
use futures_util::{Stream, stream};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::app::{App, SharedApp};
use super::stream::CORS;
use crate::publish::{PublisherState, PublisherStatus};

/// The time in which a picture must be read.
const COVER_LIMIT: Duration = Duration::from_secs(10);
/// The number of pictures that are read at the same time.
pub const COVER_READS: usize = 8;

fn now_json(app: &App) -> Value {
    let now = app.now();
    json!({ "station": app.name, "playing": now.playing, "next": now.next, "history": now.history })
}

/// `GET /now.json`: the item that plays at the end of the playlist, those that follow and those that were before.
pub async fn now_playing(State(app): State<SharedApp>) -> impl IntoResponse {
    ([CORS, (header::CACHE_CONTROL, "no-cache")], Json(now_json(&app)))
}

/// `GET /events`: server-sent events with what `/now.json` returns, at once and after each change.
pub async fn events(State(app): State<SharedApp>) -> impl IntoResponse {
    ([CORS], Sse::new(changes(app)).keep_alive(KeepAlive::default()))
}

fn changes(app: SharedApp) -> impl Stream<Item = Result<Event, Infallible>> {
    let mut published = app.published.clone();
    published.mark_changed();
    stream::unfold((app, published, Value::Null), |(app, mut published, last)| async move {
        loop {
            published.changed().await.ok()?;
            let now = now_json(&app);
            if now != last {
                return Some((Ok(Event::default().data(now.to_string())), (app, published, now)));
            }
        }
    })
}

/// `GET /covers/{item}`: the picture in the file of an item that `/now.json` lists.
pub async fn cover(State(app): State<SharedApp>, Path(item): Path<String>) -> Result<Response, Problem> {
    let none = || Problem::new(StatusCode::NOT_FOUND, "the item has no picture, or is not played now");
    let file = app.now().item(&item).filter(|item| item.cover).map(|item| item.file.clone()).ok_or_else(none)?;
    let busy = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many pictures are being read: try again");
    let permit = app.cover_reads.clone().try_acquire_owned().map_err(|_| busy())?;
    let read = move || {
        // It is held until the disk has answered, even if the client has gone.
        let _permit = permit;
        crowd_media::cover(&file).map_err(|error| Problem::new(StatusCode::NOT_FOUND, error.to_string()))
    };
    let read = timeout(COVER_LIMIT, blocking(read)).await.map_err(|_| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the disk or the share of the item does not answer: try again")
    });
    let cover = read??.ok_or_else(none)?;
    let headers = [(header::CONTENT_TYPE, cover.media_type), (header::CACHE_CONTROL, "public, max-age=86400"), CORS];
    Ok((headers, cover.data.into_vec()).into_response())
}

/// `GET /healthz`: status 200 when a playlist is published, and 503 before. `fault` is what does not work although the stream goes on: a
/// disk that is full, or that does not answer.
pub async fn health(State(app): State<SharedApp>) -> (StatusCode, Json<Value>) {
    let status = if is_publishing(&app) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health_json(&app)))
}

fn is_publishing(app: &App) -> bool {
    let now = app.now();
    now.published_segments > 0 && !now.segments.is_empty()
}

/// What `/healthz` says.
pub fn health_json(app: &App) -> Value {
    let (now, listeners) = (app.now(), app.listeners());
    json!({
        "ok": is_publishing(app),
        "published_segments": now.published_segments,
        "lost_items": now.lost_items,
        "adopted_segments": now.adopted_segments,
        "fault": app.fault.get(),
        "buffer": app.buffer.get(),
        "live": app.live.get(),
        "publishers": app.publishers.iter().map(|publisher| publisher.status()).collect::<Vec<_>>(),
        "listeners": { "aac": listeners.aac, "opus": listeners.opus },
        "hls_clients": listeners.hls,
        "dropped_listeners": app.dropped_listeners(),
    })
}

/// `GET /metrics`.
pub async fn metrics(State(app): State<SharedApp>) -> Metrics {
    let (now, listeners) = (app.now(), app.listeners());
    let mut metrics = Metrics::new("radio");
    let connections = [("aac", listeners.aac), ("opus", listeners.opus)];
    metrics.gauges("listeners", "Connections to the endless streams.", "mount", connections.into_iter());
    metrics.gauge("hls_clients", "Clients that fetched a playlist in the last 30 s.", listeners.hls as f64);
    let dropped = app.dropped_listeners();
    metrics.counter("listeners_dropped_total", "Listeners that did not take their sound.", dropped as f64);
    metrics.gauge(
        "faults",
        "1 while something does not work, which /healthz names.",
        f64::from(u8::from(app.fault.get().is_some())),
    );
    if let Some(buffer) = app.buffer.get() {
        let text = "Generated music that was not played, in seconds.";
        metrics.gauge("buffer_seconds", text, buffer.hours_remaining * 3_600.0);
        metrics.counter("buffer_repeats_total", "Chunks of generated music that were repeated.", buffer.repeats as f64);
    }
    if let Some(mounts) = app.live.get() {
        let on_air = mounts.iter().map(|mount| (mount.mount.as_str(), u64::from(mount.state == "on_air")));
        metrics.gauges("live_on_air", "1 while the source of a mount is on air.", "mount", on_air);
        let losses: u64 = mounts.iter().map(|mount| mount.losses).sum();
        metrics.counter("live_losses_total", "Live sources that were lost, since the start.", losses as f64);
    }
    publisher_metrics(&app, &mut metrics);
    metrics.counter("segments_total", "Segments since the station began.", now.published_segments as f64);
    metrics.counter("lost_items_total", "Items that could not be played, since the start.", now.lost_items as f64);
    let help = "Segments of other machines instead of those made here, since the start.";
    metrics.counter("adopted_segments_total", help, now.adopted_segments as f64);
    app.responses.write_metrics(&mut metrics);
    metrics
}

fn publisher_metrics(app: &App, metrics: &mut Metrics) {
    let publishers: Vec<PublisherStatus> = app.publishers.iter().map(|publisher| publisher.status()).collect();
    if publishers.is_empty() {
        return;
    }
    let values = |value: fn(&PublisherStatus) -> u64| publishers.iter().map(move |one| (one.name.as_str(), value(one)));
    let is_publishing = values(|one| u64::from(one.state == PublisherState::Publishing));
    metrics.gauges("publisher_up", "1 while a publisher publishes.", "publisher", is_publishing);
    let help = "Connections after a failure, since the start.";
    metrics.counters("publisher_reconnections_total", help, "publisher", values(|one| one.reconnections));
    let help = "Segments that left the playlist before they could be uploaded, since the start.";
    metrics.counters("publisher_skipped_segments_total", help, "publisher", values(|one| one.skipped_segments));
}
