//! Services under a base path.
#![allow(clippy::unwrap_used, reason = "a test")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{RawQuery, Request};
use axum::http::header;
use axum::routing::get;
use crowd_web::{BasePath, not_found};
use tower::ServiceExt;

#[test]
fn a_base_path_is_plain_and_has_one_spelling() {
    for (text, path) in [("/music", "/music"), ("/a/b-1/", "/a/b-1"), ("", ""), ("/", "")] {
        assert_eq!(text.parse::<BasePath>().unwrap().to_string(), path, "{text:?}");
    }
    for text in ["music", "//", "/a//b", "/a/../b", "/a b", "/{id}", "/a?b", "/\u{e9}", "https://host/music"] {
        assert!(text.parse::<BasePath>().is_err(), "{text:?}");
    }
}

#[tokio::test]
async fn addresses_begin_with_the_path_and_others_are_not_found() {
    let query = |RawQuery(query): RawQuery| async move { query.unwrap_or_default() };
    let inner = Router::new().route("/", get(query)).route("/x", get(query)).fallback(not_found);
    let service = "/music".parse::<BasePath>().unwrap().nest(inner);
    for (address, status, expected) in [
        ("/music/?a=1", 200, "a=1"),
        ("/music/x", 200, ""),
        ("/music/y", 404, "{\"error\":\"there is nothing at /y\"}"),
        ("/music?a=1", 308, "/music/?a=1"),
        ("/musical/x", 404, "{\"error\":\"there is nothing at /musical/x\"}"),
        ("/x", 404, "{\"error\":\"there is nothing at /x\"}"),
    ] {
        let request = Request::builder().uri(address).body(Body::empty()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{address}");
        let location = response.headers().get(header::LOCATION).cloned();
        let body = to_bytes(response.into_body(), 1_000).await.unwrap();
        let text = location.map_or(String::from_utf8(body.to_vec()).unwrap(), |to| to.to_str().unwrap().to_owned());
        assert_eq!(text, expected, "{address}");
    }
}
