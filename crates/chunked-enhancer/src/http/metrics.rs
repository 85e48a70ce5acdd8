//! Numbers for Prometheus.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use crowd_web::metrics::Metrics;
use crowd_web::{Problem, blocking};

use super::app::Shared;
use crate::error::Error;

/// `GET /metrics`.
pub async fn show(State(app): State<Shared>) -> Result<Metrics, Problem> {
    let known = app.clone();
    let store = blocking(move || Ok::<_, Error>(known.jobs.store().status())).await?;
    let tally = app.jobs.tally();
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
    let (running, waiting) = app.jobs.work();
    let listeners: usize = app.jobs.all().iter().map(|job| job.status().listeners).sum();
    let mut all = Metrics::new("enhance");
    all.gauge("tracks", "Tracks in the library.", app.library.tracks().len() as f64);
    all.gauge("unreadable_files", "Files that could not be read.", app.library.unreadable().len() as f64);
    all.gauge("streams", "Streams being sent.", app.streams.taken() as f64);
    all.gauge("streams_at_rest", "Streams from which the client does not read.", app.streams.at_rest() as f64);
    all.gauge("listeners", "Listeners of all jobs.", listeners as f64);
    all.gauge("work_running", "Pieces and measurements being worked on.", running as f64);
    all.gauge("work_waiting", "Pieces and measurements that wait for a worker.", waiting as f64);
    all.counter("chunks_made_total", "Chunks made.", load(&tally.made));
    all.counter("frames_made_total", "Frames made.", load(&tally.frames));
    all.counter("making_seconds_total", "Time spent making chunks.", load(&tally.busy_us) / 1e6);
    all.counter("chunks_abandoned_total", "Chunks begun that nobody wanted any more.", load(&tally.abandoned));
    all.counter("chunks_elsewhere_total", "Chunks another node was making.", load(&tally.elsewhere));
    all.counter("jobs_failed_total", "Jobs that failed.", load(&tally.failed));
    all.counter("tracks_measured_total", "Treatments settled by measuring.", load(&tally.measured));
    all.gauge("cache_chunks", "Chunks in the cache.", store.chunks as f64);
    all.gauge("cache_bytes", "Bytes in the cache.", store.bytes as f64);
    all.gauge("cache_limit_bytes", "Bytes the cache may have.", store.limit as f64);
    all.counter("cache_hits_total", "Chunks found in the cache.", store.hits as f64);
    all.counter("cache_misses_total", "Chunks not found in the cache.", store.misses as f64);
    all.counter("cache_evicted_total", "Chunks evicted.", store.evicted as f64);
    all.counter("cache_damaged_total", "Damaged chunks removed.", store.damaged as f64);
    app.connections.write_metrics(&mut all);
    app.answers.write_metrics(&mut all);
    Ok(all)
}
