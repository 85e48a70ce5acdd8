//! Metrics for Prometheus (text format 0.0.4).
//!
//! The text is written here and not by the crate `prometheus-client`: that crate writes OpenMetrics, in which the name of a counter
//! has no `_total` in `HELP` and `TYPE`, and it stores the values, while most values here are read for each response.

use std::fmt::{Display, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The response to `GET /metrics`, to which metrics are added one after the other.
#[derive(Debug)]
pub struct Metrics {
    prefix: &'static str,
    text: String,
}

impl Metrics {
    /// No metrics yet. All names will begin with `prefix` and an underscore.
    pub const fn new(prefix: &'static str) -> Self {
        Self { prefix, text: String::new() }
    }

    /// Adds a number that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.header(name, "gauge", help);
        self.value(name, "", value);
    }

    /// Adds a number that only grows; its name ends in `_total`.
    pub fn counter(&mut self, name: &str, help: &str, value: f64) {
        self.header(name, "counter", help);
        self.value(name, "", value);
    }

    /// Adds numbers that go up and down, one for each value of a label.
    pub fn gauges<'a>(&mut self, name: &str, help: &str, label: &str, values: impl Iterator<Item = (&'a str, u64)>) {
        self.labelled(name, "gauge", help, label, values);
    }

    /// Adds numbers that only grow, one for each value of a label.
    pub fn counters<'a>(&mut self, name: &str, help: &str, label: &str, values: impl Iterator<Item = (&'a str, u64)>) {
        self.labelled(name, "counter", help, label, values);
    }

    fn labelled<'a>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        label: &str,
        values: impl Iterator<Item = (&'a str, u64)>,
    ) {
        self.header(name, kind, help);
        for (label_value, value) in values {
            self.value(name, &format!("{{{label}=\"{label_value}\"}}"), value);
        }
    }

    fn header(&mut self, name: &str, kind: &str, help: &str) {
        let Self { prefix, text } = self;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP {prefix}_{name} {help}\n# TYPE {prefix}_{name} {kind}");
    }

    fn value(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.text, "{}_{name}{labels} {value}", self.prefix);
    }
}

impl IntoResponse for Metrics {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], self.text).into_response()
    }
}

/// Counters of the responses by class of status.
#[derive(Debug, Default)]
pub struct ResponseCounts {
    classes: [AtomicU64; 5],
}

impl ResponseCounts {
    /// Adds the metric `http_answers_total`: how many responses there were of each class.
    pub fn write_metrics(&self, metrics: &mut Metrics) {
        let names = ["1xx", "2xx", "3xx", "4xx", "5xx"];
        let counts = self.classes.iter().map(|counter| counter.load(Ordering::Relaxed));
        metrics.counters("http_answers_total", "Responses by status.", "class", names.into_iter().zip(counts));
    }
}

/// Counts every response; for [`axum::middleware::from_fn_with_state`].
pub async fn count(State(counts): State<Arc<ResponseCounts>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let class = usize::from(response.status().as_u16() / 100);
    if let Some(counter) = class.checked_sub(1).and_then(|class| counts.classes.get(class)) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_have_the_text_that_prometheus_reads() {
        let mut metrics = Metrics::new("test");
        metrics.gauge("tracks", "Tracks there are.", 3.0);
        metrics.counter("seconds_total", "Time spent.", 0.25);
        let counts = ResponseCounts::default();
        counts.classes[3].store(7, Ordering::Relaxed);
        counts.write_metrics(&mut metrics);
        assert_eq!(
            metrics.text,
            "# HELP test_tracks Tracks there are.\n# TYPE test_tracks gauge\ntest_tracks 3\n\
             # HELP test_seconds_total Time spent.\n# TYPE test_seconds_total counter\ntest_seconds_total 0.25\n\
             # HELP test_http_answers_total Responses by status.\n# TYPE test_http_answers_total counter\n\
             test_http_answers_total{class=\"1xx\"} 0\ntest_http_answers_total{class=\"2xx\"} 0\n\
             test_http_answers_total{class=\"3xx\"} 0\ntest_http_answers_total{class=\"4xx\"} 7\n\
             test_http_answers_total{class=\"5xx\"} 0\n"
        );
    }
}
