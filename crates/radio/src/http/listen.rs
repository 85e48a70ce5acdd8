//! The streams for players without HLS.

use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::response::Response;
use crowd_engine::Frames;
use crowd_streaming::icy::{INTERVAL, IcyWriter};
use crowd_web::{Client, Problem};
use tokio::sync::watch;
use tokio::time::timeout;

use super::app::{App, Mount, SharedApp};
use super::listeners::Listener;
use super::stream::CORS;
use crate::station::{Cursor, OGG};

/// The longest time until a new listener receives sound although the publisher is late.
const CATCHING_UP: Duration = Duration::from_secs(10);
/// The header with which players ask for titles.
const ICY_METADATA: &str = "icy-metadata";

/// `GET /listen.aac`: AAC frames with ADTS headers, and titles for players that ask for them.
pub async fn aac(
    State(app): State<SharedApp>,
    Extension(client): Extension<Client>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mount = app.aac.as_ref().ok_or_else(|| not_made("AAC", "ts"))?;
    let with_titles = headers.get(ICY_METADATA).is_some_and(|value| value.as_bytes().trim_ascii() == b"1");
    let titles = with_titles.then(IcyWriter::default);
    let mut response = respond(&app, client, &method, mount, titles, |_| Vec::new()).await?;
    station_headers(&app.name, mount.bit_rate, "audio/aac", response.headers_mut());
    if with_titles {
        response.headers_mut().insert(HeaderName::from_static("icy-metaint"), HeaderValue::from(INTERVAL));
    }
    Ok(response)
}

/// `GET /listen.opus`: pages of Opus in Ogg.
pub async fn opus(
    State(app): State<SharedApp>,
    Extension(client): Extension<Client>,
    method: Method,
) -> Result<Response, Problem> {
    let mount = app.opus.as_ref().ok_or_else(|| not_made("Opus", "opus"))?;
    let header = |cursor: &Cursor| OGG.headers(cursor.next());
    let mut response = respond(&app, client, &method, mount, None, header).await?;
    station_headers(&app.name, mount.bit_rate, "audio/ogg", response.headers_mut());
    Ok(response)
}

fn not_made(what: &str, format: &str) -> Problem {
    let text = format!("the station makes no {what}: start it with --formats {format}");
    Problem::new(StatusCode::NOT_FOUND, text)
}

/// A response with the stream. `header` makes the bytes before the sound. For HEAD there is no body.
async fn respond(
    app: &App,
    client: Client,
    method: &Method,
    mount: &Mount,
    titles: Option<IcyWriter>,
    header: impl FnOnce(&Cursor) -> Vec<u8>,
) -> Result<Response, Problem> {
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        let played = app.played.clone();
        let slot = app.slots.take(client)?;
        let cursor = cursor(mount, played.clone()).await.ok_or_else(|| {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the station makes its first segments: try again")
        })?;
        let header = header(&cursor);
        slot.hold_for(Listener::new(cursor, played, titles, header, mount.listeners.clone()).body())
    };
    let mut response = Response::new(body);
    // Some players of such streams cannot read a chunked body, which HTTP/1.1 would need.
    *response.version_mut() = Version::HTTP_10;
    Ok(response)
}

/// The place of a new listener. After a start the publisher has to make what is played by now, which is waited for.
async fn cursor(mount: &Mount, mut played: watch::Receiver<Frames>) -> Option<Cursor> {
    let made = async {
        loop {
            let now = *played.borrow_and_update();
            if let Some(cursor) = Cursor::new(mount.stream.clone(), now) {
                return Some(cursor);
            }
            played.changed().await.ok()?;
        }
    };
    match timeout(CATCHING_UP, made).await {
        Ok(cursor) => cursor,
        Err(_) => Cursor::with_silence(mount.stream.clone(), *played.borrow()),
    }
}

fn station_headers(name: &str, bit_rate: u32, media_type: &'static str, headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
    headers.insert(CORS.0, HeaderValue::from_static(CORS.1));
    // A proxy must not collect the stream before it passes it on.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    headers.insert(HeaderName::from_static("icy-br"), HeaderValue::from(bit_rate / 1_000));
    if let Ok(name) = HeaderValue::from_bytes(name.as_bytes()) {
        headers.insert(HeaderName::from_static("icy-name"), name);
    }
}
