//! The layers that every service has.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};

use crate::base_path::BasePath;
use crate::host::{Hosts, check};
use crate::metrics::{ResponseCounts, count};
use crate::problem::as_json;

/// Adds to a router the base path, the check of the host, errors as JSON, and a count of responses by status.
pub fn service(router: Router, base_path: BasePath, hosts: Hosts, responses: Arc<ResponseCounts>) -> Router {
    // With `fallback_service` a response has all its headers when it reaches the layers.
    Router::new()
        .fallback_service(base_path.nest(router))
        .layer(from_fn(as_json))
        .layer(from_fn_with_state(hosts, check))
        .layer(from_fn_with_state(responses, count))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::extract::{Path, Request};
    use axum::http::header;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn request(method: &str, path: &str, host: &str) -> (u16, String, String) {
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
    async fn every_error_is_json_in_whichever_layer_it_arises() {
        assert_eq!(request("GET", "/tracks/7", "localhost").await, (200, "7".to_owned(), String::new()));
        let (status, text, _) = request("GET", "/tracks/x", "localhost").await;
        assert!(status == 400 && text.starts_with("{\"error\":\"Invalid URL"), "{text}");
        let (status, text, allowed) = request("DELETE", "/tracks/7", "localhost").await;
        assert_eq!((status, &*allowed), (405, "GET,HEAD"));
        assert_eq!(text, "{\"error\":\"DELETE is not allowed at /tracks/7: allowed is GET,HEAD\"}");
        assert_eq!(request("GET", "/nothing", "localhost").await.0, 404);
    }

    #[tokio::test]
    async fn a_request_for_another_host_is_refused_with_advice() {
        let (status, text, _) = request("GET", "/tracks/7", "evil.example").await;
        assert!(status == 421 && text.contains("--allow-host evil.example"), "{text}");
    }
}
