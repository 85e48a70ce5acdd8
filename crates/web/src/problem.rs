//! Error responses as JSON.

use axum::Json;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The seconds in `Retry-After`, a header of every response with status 503.
const RETRY_AFTER: u32 = 2;
/// The most bytes of an error text that are kept.
const LONGEST: usize = 4 << 10;

/// An error response whose text says what is wrong and what to do: `{"error": "..."}`. With status 503 it has a `Retry-After`.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    text: String,
}

impl Problem {
    /// An error response with a status.
    pub fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// Status 400: the request is invalid.
    pub fn bad(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": self.text }))).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER.into());
        }
        response
    }
}

/// Makes a [`Problem`] of every error response that is not JSON, as the router and the extractors return them; for
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
        format!("{method} is not allowed at {}: allowed is {allowed}", path.escape_debug())
    } else {
        let bytes = to_bytes(body, LONGEST).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        if text.is_empty() { status.to_string() } else { text.into_owned() }
    };
    for body_header in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
        parts.headers.remove(body_header);
    }
    let mut response = Problem::new(status, text).into_response();
    response.headers_mut().extend(parts.headers);
    response
}

/// The fallback handler: status 404.
pub async fn not_found(uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("there is nothing at {}", uri.path().escape_debug()))
}

/// Runs work that may block, on a thread for blocking work.
///
/// # Errors
/// The errors of `work`; status 500 when `work` panicked or the server stops.
pub async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Into<Problem> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => {
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server is stopping or has failed: see its log"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_may_pass_has_a_retry_after() {
        let retry_after =
            |status| Problem::new(status, "x").into_response().headers().get(header::RETRY_AFTER).cloned();
        assert_eq!(retry_after(StatusCode::SERVICE_UNAVAILABLE).unwrap(), "2");
        assert_eq!(retry_after(StatusCode::NOT_FOUND), None);
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_response() {
        let problem = blocking(|| -> Result<(), Problem> { panic!("on purpose") }).await.unwrap_err();
        assert_eq!(problem.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(blocking(|| Err::<(), _>(Problem::bad("x"))).await.unwrap_err().status, StatusCode::BAD_REQUEST);
    }
}
