//! Numbers for Prometheus (text format 0.0.4).

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::answer::{Problem, blocking};

/// Requests by the class of their answers.
#[derive(Default)]
pub struct Counts {
    classes: [AtomicU64; 6],
}

/// Counts every answer.
pub async fn count(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let class = usize::from(response.status().as_u16() / 100);
    if let Some(counter) = app.counts.classes.get(class) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
    response
}

/// `GET /metrics`.
pub async fn show(State(app): State<Shared>) -> Result<Response, Problem> {
    let known = app.clone();
    let store = blocking(move || Ok(known.jobs.store().status())).await?;
    let tally = app.jobs.tally();
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
    let listeners: usize = app.jobs.all().iter().map(|job| job.status().listeners).sum();
    let open = app.limits.streams - app.streams.available_permits();
    let mut text = String::new();
    let mut put = |name: &str, kind: &str, help: &str, value: f64| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP enhance_{name} {help}\n# TYPE enhance_{name} {kind}\nenhance_{name} {value}");
    };
    put("tracks", "gauge", "Tracks in the library.", app.library.tracks().len() as f64);
    put("unreadable_files", "gauge", "Files that could not be read.", app.library.unreadable().len() as f64);
    put("streams", "gauge", "Streams being sent.", open as f64);
    put("listeners", "gauge", "Listeners of all jobs.", listeners as f64);
    put("chunks_made_total", "counter", "Chunks made.", load(&tally.made));
    put("frames_made_total", "counter", "Frames made.", load(&tally.frames));
    put("making_seconds_total", "counter", "Time spent making chunks.", load(&tally.busy_us) / 1e6);
    put("chunks_abandoned_total", "counter", "Chunks begun that nobody wanted any more.", load(&tally.abandoned));
    put("chunks_elsewhere_total", "counter", "Chunks another node was making.", load(&tally.elsewhere));
    put("jobs_failed_total", "counter", "Jobs that failed.", load(&tally.failed));
    put("tracks_measured_total", "counter", "Treatments settled by measuring.", load(&tally.measured));
    put("cache_chunks", "gauge", "Chunks in the cache.", store.chunks as f64);
    put("cache_bytes", "gauge", "Bytes in the cache.", store.bytes as f64);
    put("cache_limit_bytes", "gauge", "Bytes the cache may have.", store.limit as f64);
    put("cache_hits_total", "counter", "Chunks found in the cache.", store.hits as f64);
    put("cache_misses_total", "counter", "Chunks not found in the cache.", store.misses as f64);
    put("cache_evicted_total", "counter", "Chunks evicted.", store.evicted as f64);
    put("cache_damaged_total", "counter", "Damaged chunks removed.", store.damaged as f64);
    let _ = writeln!(
        text,
        "# HELP enhance_http_answers_total Answers by status.\n# TYPE enhance_http_answers_total counter"
    );
    for (class, counter) in app.counts.classes.iter().enumerate().skip(1) {
        let _ = writeln!(text, "enhance_http_answers_total{{class=\"{class}xx\"}} {}", counter.load(Ordering::Relaxed));
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
