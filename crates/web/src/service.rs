//! What every service has around it.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};

use crate::base_path::BasePath;
use crate::host::{Hosts, check};
use crate::metrics::{ResponseCounts, count};
use crate::problem::as_json;

/// A router with a path in front of all its addresses, for these hosts only, whose errors all are JSON and whose answers are
/// counted.
pub fn service(router: Router, base_path: BasePath, hosts: Hosts, answers: Arc<ResponseCounts>) -> Router {
    // As a service, whose answers have all their headers when they come to a layer.
    Router::new()
        .fallback_service(base_path.around(router))
        .layer(from_fn(as_json))
        .layer(from_fn_with_state(hosts, check))
        .layer(from_fn_with_state(answers, count))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::extract::{Path, Request};
    use axum::http::header;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn ask(method: &str, path: &str, host: &str) -> (u16, String, String) {
        let router = Router::new().route("/tracks/{id}", get(|Path(id): Path<u32>| async move { id.to_string() }));
        let service = service(router, BasePath::default(), Hosts::of_this_machine(&[]), Arc::default());
        let request = Request::builder().method(method).uri(path).header(header::HOST, host);
        let answer = service.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let of = |name| answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let (status, media_type, allowed) = (answer.status().as_u16(), of(header::CONTENT_TYPE), of(header::ALLOW));
        let text = String::from_utf8(to_bytes(answer.into_body(), 1_000).await.unwrap().to_vec()).unwrap();
        assert!(status == 200 || media_type == "application/json", "{status}: {media_type}");
        (status, text, allowed)
    }

    #[tokio::test]
    async fn every_error_is_json_whoever_refused_it() {
        assert_eq!(ask("GET", "/tracks/7", "localhost").await, (200, "7".to_owned(), String::new()));
        let (status, text, _) = ask("GET", "/tracks/x", "localhost").await;
        assert!(status == 400 && text.starts_with("{\"error\":\"Invalid URL"), "{text}");
        let (status, text, allowed) = ask("DELETE", "/tracks/7", "localhost").await;
        assert_eq!((status, &*allowed), (405, "GET,HEAD"));
        assert_eq!(text, "{\"error\":\"DELETE cannot be asked of /tracks/7: allowed is GET,HEAD\"}");
        assert_eq!(ask("GET", "/nothing", "localhost").await.0, 404);
    }

    #[tokio::test]
    async fn a_request_for_another_host_is_refused_with_the_way_out() {
        let (status, text, _) = ask("GET", "/tracks/7", "evil.example").await;
        assert!(status == 421 && text.contains("--allow-host evil.example"), "{text}");
    }
}
