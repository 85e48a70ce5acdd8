//! The playlist and the segments.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use crowd_web::{Client, FileDescription, FileResponse, Problem, not_found};

use super::app::SharedApp;
use crate::health::USER_AGENT;

/// The media type of a playlist (RFC 8216, section 10).
const PLAYLIST_TYPE: &str = "application/vnd.apple.mpegurl";
/// A playlist is new every few seconds.
const PLAYLIST_CACHE: &str = "max-age=1";
/// The name of a segment contains a hash of its bytes, so it never changes.
const SEGMENT_CACHE: &str = "public, max-age=31536000, immutable";

/// `GET /stream.m3u8` and the other playlists.
pub async fn playlist(
    State(app): State<SharedApp>,
    Extension(client): Extension<Client>,
    Path(name): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let Some(text) = app.now().playlists.get(&name).cloned() else {
        return Err(not_found(uri).await);
    };
    if text.is_empty() {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the station makes its first segments: try again"));
    }
    if headers.get(header::USER_AGENT).is_none_or(|agent| agent != USER_AGENT) {
        app.hls_clients.note(client);
    }
    let headers = [(header::CONTENT_TYPE, PLAYLIST_TYPE), (header::CACHE_CONTROL, PLAYLIST_CACHE), CORS];
    Ok((headers, Bytes::from_owner(Text(text))).into_response())
}

/// A text that is sent without a copy for each client.
struct Text(Arc<str>);

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Pages of any site may play the stream.
pub const CORS: (header::HeaderName, &str) = (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");

/// `GET /segments/{name}`.
pub async fn segment(
    State(app): State<SharedApp>,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(segment) = app.now().segment(&name) else {
        let text = format!("there is no segment \"{}\" any more: the playlists list the segments", name.escape_debug());
        return Err(Problem::new(StatusCode::NOT_FOUND, text));
    };
    let file = FileDescription {
        length: Some(segment.bytes.len() as u64),
        tag: Some(format!("\"{}\"", segment.name)),
        media_type: segment.media_type,
        name,
        attachment: false,
    };
    let response = FileResponse::new(&method, &headers, file);
    let mut response = match response.byte_range() {
        Ok(range) => {
            let bytes = Bytes::from_owner(segment.bytes.clone());
            response.with_body(Body::from(bytes.slice(range.start as usize..range.end as usize)))
        }
        Err(response) => *response,
    };
    let cache = HeaderValue::from_static(SEGMENT_CACHE);
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    response.headers_mut().insert(CORS.0, HeaderValue::from_static(CORS.1));
    Ok(response)
}
