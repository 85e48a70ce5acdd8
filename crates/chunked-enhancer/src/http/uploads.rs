//! Files that are sent to be tried.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crowd_library::Track;
use crowd_media::EXTENSIONS;
use crowd_web::{Problem, blocking, query};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::app::Shared;
use crate::uploads::{Incoming, MOST_BYTES, UploadError};

/// How long a sender may send nothing, and how long all of a file may take.
const SILENCE: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(1_800);
/// Parts of a body that may wait for the disk.
const WAITING: usize = 8;
/// What a body has to say it is: no page of another site can send that without being allowed to.
const BYTES: &str = "application/octet-stream";

/// `GET /api/uploads`: those there are, oldest first, and what may be sent: bytes, and how names end.
pub async fn all(State(app): State<Shared>) -> Json<Value> {
    let tracks = app.uploads.tracks();
    let tracks: Vec<&Track> = tracks.iter().map(AsRef::as_ref).collect();
    Json(json!({ "tracks": tracks, "largest": MOST_BYTES, "endings": EXTENSIONS }))
}

/// `POST /api/uploads?name=NAME`: a file, its bytes as the body, becomes a track.
pub async fn receive(
    State(app): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let name = query::value(query.as_deref().unwrap_or_default(), "name");
    let name = name.ok_or_else(|| Problem::bad("name: give that of the file, as in ?name=song.flac"))?;
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::CONTENT_TYPE) != Some(BYTES) {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("send it as Content-Type: {BYTES}")));
    }
    let Some(bytes) = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()) else {
        return Err(Problem::new(StatusCode::LENGTH_REQUIRED, "send the file's size as Content-Length"));
    };
    let incoming = blocking(move || Incoming::begin(&app.uploads, &name, bytes)).await?;
    let (sender, parts) = mpsc::channel(WAITING);
    let written = tokio::spawn(blocking(move || write(incoming, parts)));
    let received = timeout(LONGEST, pass(body, sender)).await.unwrap_or_else(|_| Err(late(LONGEST)));
    // Its error tells more: a disk that is full, say.
    let track =
        written.await.map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server is going down"))?;
    received?;
    Ok((StatusCode::CREATED, Json(Track::clone(&*track?))).into_response())
}

/// `DELETE /api/uploads/{id}`.
pub async fn remove(State(app): State<Shared>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    blocking(move || app.uploads.remove(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Passes a body on, part by part, no faster than they are written.
async fn pass(body: Body, to: mpsc::Sender<Bytes>) -> Result<(), Problem> {
    let mut parts = body.into_data_stream();
    loop {
        match timeout(SILENCE, parts.next()).await {
            Err(_) => return Err(late(SILENCE)),
            Ok(None) => return Ok(()),
            Ok(Some(Err(error))) => return Err(Problem::bad(format!("the upload broke off: {error}"))),
            Ok(Some(Ok(part))) => {
                // Where it is not taken any more, writing has failed.
                if to.send(part).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
}

fn write(mut incoming: Incoming, mut parts: mpsc::Receiver<Bytes>) -> Result<std::sync::Arc<Track>, UploadError> {
    while let Some(part) = parts.blocking_recv() {
        incoming.write(&part)?;
    }
    incoming.finish()
}

fn late(limit: Duration) -> Problem {
    let text = format!("the upload took longer than {} s: send it again over a faster connection", limit.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, text)
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        let status = match &error {
            UploadError::NotMusic { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            UploadError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            UploadError::NoRoom { .. } => StatusCode::INSUFFICIENT_STORAGE,
            UploadError::Incomplete { .. } => StatusCode::BAD_REQUEST,
            UploadError::NoUpload { .. } => StatusCode::NOT_FOUND,
            UploadError::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            UploadError::Io { source, .. } => match source.kind() {
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => StatusCode::INSUFFICIENT_STORAGE,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            },
        };
        Self::new(status, error.to_string())
    }
}
