//! Responses of a gateway.

use std::time::Duration;

use crate::body::Body;
use crate::request::Request;

/// A response, from which a server makes one of HTTP. A server for pages of other origins adds `Access-Control-Allow-Origin: *`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code of HTTP.
    pub status: u16,
    /// Names and values of headers, without `Content-Length`.
    pub headers: Vec<(&'static str, String)>,
    /// The bytes. Those of a request with the method HEAD are left out by the server.
    pub body: Body,
}

impl Response {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn new(content_type: &str, body: Body) -> Self {
        Self { status: 200, headers: vec![("Content-Type", content_type.to_owned())], body }
    }

    /// A problem as plain text, which caches must not keep: what is missing now can be published later.
    pub(crate) fn problem(status: u16, text: String) -> Self {
        let mut body = Body::default();
        body.push_bytes((text + "\n").into_bytes());
        let mut response = Self::new("text/plain; charset=utf-8", body).with("Cache-Control", "no-store");
        response.status = status;
        response
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// For bytes that are always the same under their path.
    pub(crate) fn immutable(self) -> Self {
        self.with("Cache-Control", "public, max-age=29030400, immutable")
    }

    /// For bytes that may be others after a time.
    pub(crate) fn fresh_for(self, time: Duration) -> Self {
        self.with("Cache-Control", format!("public, max-age={}", time.as_secs()))
    }

    /// Adds the tag of the bytes. A client that has them already gets only the headers.
    pub(crate) fn tagged(self, etag: String, request: &Request<'_>) -> Self {
        let known = request.has(&etag);
        let mut response = self.with("Etag", etag);
        if known {
            response.status = 304;
            response.body = Body::default();
        }
        response
    }
}
