//! Services under a path of a host. A proxy between the client and the service passes the path on unchanged.

use std::fmt;
use std::str::FromStr;

use axum::Router;
use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;

use crate::problem::not_found;

/// The path with which the paths of all URLs of a service begin: `/music`, or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasePath(String);

impl BasePath {
    /// The service with this path at the beginning of the paths of all its URLs. A request for `/music` is redirected to `/music/`, because
    /// the relative URLs on a page need the slash.
    pub fn nest(self, service: Router) -> Router {
        if self.0.is_empty() {
            return service;
        }
        Router::new().fallback(move |request: Request| {
            let (base, service) = (self.clone(), service.clone());
            async move { base.serve(request, service).await }
        })
    }

    async fn serve(self, mut request: Request, service: Router) -> Response {
        match request.uri().path().strip_prefix(&self.0) {
            Some("") => {
                let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
                (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, format!("{self}/{query}"))]).into_response()
            }
            Some(rest) if rest.starts_with('/') => {
                let inner = match request.uri().query() {
                    Some(query) => format!("{rest}?{query}"),
                    None => rest.to_owned(),
                };
                let mut parts = request.uri().clone().into_parts();
                // Both conversions succeed, because this is a part of a valid URI.
                let Ok(inner) = PathAndQuery::try_from(inner) else { return StatusCode::BAD_REQUEST.into_response() };
                parts.path_and_query = Some(inner);
                let Ok(uri) = Uri::from_parts(parts) else { return StatusCode::BAD_REQUEST.into_response() };
                *request.uri_mut() = uri;
                service.oneshot(request).await.into_response()
            }
            _ => not_found(request.uri().clone()).await.into_response(),
        }
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BasePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = text.strip_suffix('/').unwrap_or(text);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let part = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(plain);
        if path.is_empty() || path.strip_prefix('/').is_some_and(|parts| parts.split('/').all(part)) {
            return Ok(Self(path.to_owned()));
        }
        Err(format!(
            "path \"{}\": give one like /music, of letters, digits and - . _ ~ between slashes",
            text.escape_debug()
        ))
    }
}
