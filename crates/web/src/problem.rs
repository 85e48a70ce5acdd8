//! What is wrong, as an answer.

use axum::Json;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Seconds after which to ask again, when there was too much to do.
const LATER: u32 = 2;
/// Bytes of an error's words, at most.
const LONGEST: usize = 4 << 10;

/// An answer that says what is wrong and what to do: `{"error": "..."}`. With status 503 it says when to ask again.
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

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": self.text }))).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, LATER.into());
        }
        response
    }
}

/// Makes a [`Problem`] of every answer that is an error and no JSON: what a part of the service that is not ours refused. For
/// [`axum::middleware::from_fn`].
pub async fn as_json(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let (status, headers) = (response.status(), response.headers());
    let is_json = headers.get(header::CONTENT_TYPE).is_some_and(|media_type| media_type == "application/json");
    if !(status.is_client_error() || status.is_server_error()) || is_json {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let text = if status == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = parts.headers.get(header::ALLOW).and_then(|allowed| allowed.to_str().ok()).unwrap_or("none");
        format!("{method} cannot be asked of {}: allowed is {allowed}", path.escape_debug())
    } else {
        let told = to_bytes(body, LONGEST).await.unwrap_or_default();
        let told = String::from_utf8_lossy(&told);
        if told.is_empty() { status.to_string() } else { told.into_owned() }
    };
    for of_the_body in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
        parts.headers.remove(of_the_body);
    }
    let mut response = Problem::new(status, text).into_response();
    response.headers_mut().extend(parts.headers);
    response
}

/// A fallback for addresses at which there is nothing.
pub async fn not_found(uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("there is nothing at {}", uri.path().escape_debug()))
}

/// Runs what may wait for a disk, beside the threads that serve.
///
/// # Errors
/// Those of `work`, as an answer; status 500 when `work` panicked or the server stops.
pub async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Into<Problem> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => {
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server is going down or has a fault: see its log"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_asked_again_says_when() {
        let later = |status| Problem::new(status, "x").into_response().headers().get(header::RETRY_AFTER).cloned();
        assert_eq!(later(StatusCode::SERVICE_UNAVAILABLE).unwrap(), "2");
        assert_eq!(later(StatusCode::NOT_FOUND), None);
    }

    #[tokio::test]
    async fn work_that_panics_is_an_answer() {
        let problem = blocking(|| -> Result<(), Problem> { panic!("on purpose") }).await.unwrap_err();
        assert_eq!(problem.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(blocking(|| Err::<(), _>(Problem::bad("x"))).await.unwrap_err().status, StatusCode::BAD_REQUEST);
    }
}
