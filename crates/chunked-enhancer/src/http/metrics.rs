//! Metrics for Prometheus.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use crowd_web::metrics::Metrics;
use crowd_web::{Problem, blocking};

use super::app::SharedApp;
use crate::error::Error;

/// `GET /metrics`.
pub async fn show(State(app): State<SharedApp>) -> Result<Metrics, Problem> {
    let store_app = app.clone();
    let store = blocking(move || Ok::<_, Error>(store_app.jobs.store().status())).await?;
    let counters = app.jobs.counters();
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
    let (running, waiting) = app.jobs.work_counts();
    let listeners: usize = app.jobs.all().iter().map(|job| job.status().listeners).sum();
    let mut metrics = Metrics::new("enhance");
    metrics.gauge("tracks", "Tracks in the library.", app.library.tracks().len() as f64);
    metrics.gauge("unreadable_files", "Files that could not be read.", app.library.unreadable().len() as f64);
    metrics.gauge("streams", "Streams being sent.", app.streams.taken() as f64);
    metrics.gauge("streams_at_rest", "Streams from which the client does not read.", app.streams.at_rest() as f64);
    metrics.gauge("listeners", "Listeners of all jobs.", listeners as f64);
    metrics.gauge("work_running", "Chunks and measurements being made.", running as f64);
    metrics.gauge("work_waiting", "Chunks and measurements that wait for a permit.", waiting as f64);
    metrics.counter("chunks_made_total", "Chunks made.", load(&counters.made));
    metrics.counter("frames_made_total", "Frames made.", load(&counters.frames));
    metrics.counter("making_seconds_total", "Time spent making chunks.", load(&counters.busy_us) / 1e6);
    metrics.counter(
        "chunks_abandoned_total",
        "Chunks that were begun and then not needed any more.",
        load(&counters.abandoned),
    );
    metrics.counter(
        "chunks_elsewhere_total",
        "Chunks that another node or process was making.",
        load(&counters.elsewhere),
    );
    metrics.counter("jobs_failed_total", "Jobs that failed.", load(&counters.failed));
    metrics.counter("tracks_measured_total", "Treatments resolved by measuring a track.", load(&counters.measured));
    metrics.gauge("cache_chunks", "Chunks in the cache.", store.chunks as f64);
    metrics.gauge("cache_bytes", "Bytes in the cache.", store.bytes as f64);
    metrics.gauge("cache_limit_bytes", "Bytes the cache may have.", store.limit as f64);
    metrics.counter("cache_hits_total", "Chunks found in the cache.", store.hits as f64);
    metrics.counter("cache_misses_total", "Chunks not found in the cache.", store.misses as f64);
    metrics.counter("cache_evicted_total", "Chunks evicted.", store.evicted as f64);
    metrics.counter("cache_damaged_total", "Damaged chunks removed.", store.damaged as f64);
    app.connections.write_metrics(&mut metrics);
    app.responses.write_metrics(&mut metrics);
    Ok(metrics)
}
