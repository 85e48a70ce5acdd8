//! The handlers of `/api/uploads`.

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

use super::app::SharedApp;
use crate::uploads::{IncomingFile, MOST_BYTES, UploadError};

/// The longest time without a byte of a file.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest time for a whole file.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(1_800);
/// Buffers that may wait to be written to the disk.
const QUEUED_BUFFERS: usize = 8;
/// The media type that a body must have. A page of another site can send this type only with permission.
const BODY_TYPE: &str = "application/octet-stream";

/// `GET /api/uploads`: the uploads, oldest first, the largest size, and the file name extensions that are accepted.
pub async fn all(State(app): State<SharedApp>) -> Json<Value> {
    let tracks = app.uploads.tracks();
    let tracks: Vec<&Track> = tracks.iter().map(AsRef::as_ref).collect();
    Json(json!({ "tracks": tracks, "largest": MOST_BYTES, "endings": EXTENSIONS }))
}

/// `POST /api/uploads?name=NAME`: the body is a file, which becomes a track.
pub async fn receive(
    State(app): State<SharedApp>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let name = query::value(query.as_deref().unwrap_or_default(), "name");
    let name = name.ok_or_else(|| Problem::bad("name: give the name of the file, as in ?name=song.flac"))?;
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::CONTENT_TYPE) != Some(BODY_TYPE) {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("send it as Content-Type: {BODY_TYPE}")));
    }
    let Some(bytes) = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()) else {
        return Err(Problem::new(StatusCode::LENGTH_REQUIRED, "send the file's size as Content-Length"));
    };
    let incoming = blocking(move || IncomingFile::begin(&app.uploads, &name, bytes)).await?;
    let (sender, buffers) = mpsc::channel(QUEUED_BUFFERS);
    let written = tokio::spawn(blocking(move || write(incoming, buffers)));
    let received = timeout(UPLOAD_TIMEOUT, forward(body, sender)).await.unwrap_or_else(|_| Err(late(UPLOAD_TIMEOUT)));
    // If both fail, the error of the writer is returned, because it is the cause; for example, the disk is full.
    let track = written.await.map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server is stopping"))?;
    received?;
    Ok((StatusCode::CREATED, Json(Track::clone(&*track?))).into_response())
}

/// `DELETE /api/uploads/{id}`.
pub async fn remove(State(app): State<SharedApp>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    blocking(move || app.uploads.remove(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends the buffers of a body to the writer, no faster than the writer writes them.
async fn forward(body: Body, to: mpsc::Sender<Bytes>) -> Result<(), Problem> {
    let mut buffers = body.into_data_stream();
    loop {
        match timeout(READ_TIMEOUT, buffers.next()).await {
            Err(_) => return Err(late(READ_TIMEOUT)),
            Ok(None) => return Ok(()),
            Ok(Some(Err(error))) => return Err(Problem::bad(format!("the upload ended early: {error}"))),
            Ok(Some(Ok(buffer))) => {
                // If this fails, the writer has failed, and reports the reason itself.
                if to.send(buffer).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
}

fn write(mut incoming: IncomingFile, mut buffers: mpsc::Receiver<Bytes>) -> Result<std::sync::Arc<Track>, UploadError> {
    while let Some(buffer) = buffers.blocking_recv() {
        incoming.write(&buffer)?;
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
