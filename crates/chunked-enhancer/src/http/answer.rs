//! Errors as answers.

use axum::Json;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use crowd_library::Error as Library;
use serde_json::json;

use crate::error::Error;

/// Seconds after which to ask again, when there was too much to do.
const LATER: u32 = 2;

/// An answer that says what is wrong and what to do.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    text: String,
}

impl Problem {
    /// An answer of a status.
    pub fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// A request that cannot be understood.
    pub fn bad(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::NoTrack { .. } | Error::NoJob { .. } | Error::Library(Library::Outside { .. }) => {
                StatusCode::NOT_FOUND
            }
            Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => StatusCode::NOT_FOUND,
            Error::Invalid(_) => StatusCode::BAD_REQUEST,
            Error::Media(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Busy { .. } | Error::Cancelled | Error::Library(Library::Changed { .. }) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, text: error.to_string() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": self.text }))).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, LATER.into());
        }
        response
    }
}

/// For addresses that are none.
pub async fn nothing_here(uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("there is nothing at {}", uri.path().escape_debug()))
}

/// Runs what may wait for a disk, beside the threads that serve.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Problem::from),
        Err(_) => {
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server is going down or has a fault: see its log"))
        }
    }
}
