//! Responses with a file that may not exist yet (RFC 9110, sections 8.8, 13 and 14).

use std::convert::Infallible;
use std::ops::Range;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use crate::entity_tag::precondition_failed;
use crate::problem::Problem;
use crate::range::{ResponseKind, response_kind};

/// The properties of a file for the headers of a response. The file may not exist yet.
#[derive(Debug)]
pub struct FileDescription {
    /// Its length in bytes, if it is known. Without a length there are no ranges.
    pub length: Option<u64>,
    /// Its strong entity tag, in quotes. There is none while the version of the file is not known.
    pub tag: Option<String>,
    /// Its media type.
    pub media_type: &'static str,
    /// The name under which a client saves it.
    pub name: String,
    /// Whether a browser saves it instead of showing it.
    pub attachment: bool,
}

/// A response with a file: its status (200, 206, 304, 412 or 416) and its headers.
#[derive(Debug)]
pub struct FileResponse {
    file: FileDescription,
    kind: ResponseKind,
}

impl FileResponse {
    /// The response to a request for a file, by the conditions and the range of the request.
    pub fn new(method: &Method, headers: &HeaderMap, file: FileDescription) -> Self {
        let kind = response_kind(method, headers, file.length, file.tag.as_deref());
        Self { file, kind }
    }

    /// The bytes of the file to send.
    ///
    /// # Errors
    /// The response, when no bytes are to be sent: 304, 412 or 416.
    pub fn byte_range(&self) -> Result<Range<u64>, Box<Response>> {
        match &self.kind {
            ResponseKind::Whole => Ok(0..self.file.length.unwrap_or(u64::MAX)),
            ResponseKind::Partial(range) => Ok(range.clone()),
            ResponseKind::NotModified => Err(Box::new(self.response(StatusCode::NOT_MODIFIED, Body::empty()))),
            ResponseKind::PreconditionFailed => {
                let tag = self.file.tag.as_deref().unwrap_or("(not known yet)");
                Err(Box::new(precondition_failed(tag).into_response()))
            }
            ResponseKind::RangeNotSatisfiable => {
                let length = self.file.length.unwrap_or(0);
                let problem = format!("Range: it is outside of the {length} bytes of the file");
                let mut response = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, problem).into_response();
                put(response.headers_mut(), header::CONTENT_RANGE, format!("bytes */{length}"));
                Err(Box::new(response))
            }
        }
    }

    /// The response with a body, which has the bytes of [`byte_range`](Self::byte_range).
    pub fn with_body(&self, body: Body) -> Response {
        let ResponseKind::Partial(range) = &self.kind else {
            let mut response = self.response(StatusCode::OK, body);
            if let Some(length) = self.file.length {
                put(response.headers_mut(), header::CONTENT_LENGTH, length.to_string());
            }
            return response;
        };
        let mut response = self.response(StatusCode::PARTIAL_CONTENT, body);
        let length = self.file.length.unwrap_or(0);
        put(response.headers_mut(), header::CONTENT_RANGE, format!("bytes {}-{}/{length}", range.start, range.end - 1));
        put(response.headers_mut(), header::CONTENT_LENGTH, (range.end - range.start).to_string());
        response
    }

    /// The response to `HEAD`. The size of its body is unknown to hyper, so that hyper adds no `Content-Length` of its own.
    pub fn without_body(&self) -> Response {
        self.with_body(Body::from_stream(stream::empty::<Result<Bytes, Infallible>>()))
    }

    fn response(&self, status: StatusCode, body: Body) -> Response {
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        if let Some(tag) = &self.file.tag {
            put(headers, header::ETAG, tag.clone());
        }
        // A cache may keep the response, and has to revalidate it each time.
        put(headers, header::CACHE_CONTROL, "private, no-cache".to_owned());
        put(headers, header::ACCEPT_RANGES, if self.file.length.is_some() { "bytes" } else { "none" }.to_owned());
        put(headers, header::CONTENT_TYPE, self.file.media_type.to_owned());
        put(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned());
        put(headers, header::CONTENT_DISPOSITION, disposition(&self.file.name, self.file.attachment));
        response
    }
}

/// Sets a header. The values in this file are always valid.
fn put(headers: &mut HeaderMap, name: header::HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// The value of `Content-Disposition` for a file name (RFC 6266, RFC 8187).
fn disposition(name: &str, attachment: bool) -> String {
    let escaped: String = name
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    format!("{}; filename*=UTF-8''{escaped}", if attachment { "attachment" } else { "inline" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(range: Option<&'static str>, length: Option<u64>) -> FileResponse {
        let mut headers = HeaderMap::new();
        if let Some(range) = range {
            headers.insert(header::RANGE, HeaderValue::from_static(range));
        }
        let file = FileDescription {
            length,
            tag: Some("\"t\"".to_owned()),
            media_type: "audio/wav",
            name: "a\u{e9}.wav".to_owned(),
            attachment: false,
        };
        FileResponse::new(&Method::GET, &headers, file)
    }

    fn header(response: &Response, name: header::HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn a_partial_response_has_its_range_and_the_length_of_the_file() {
        let answer = answer(Some("bytes=2-4"), Some(10));
        assert_eq!(answer.byte_range().unwrap(), 2..5);
        let response = answer.without_body();
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(header(&response, header::CONTENT_RANGE), "bytes 2-4/10");
        assert_eq!(header(&response, header::CONTENT_LENGTH), "3");
        assert_eq!(header(&response, header::CONTENT_DISPOSITION), "inline; filename*=UTF-8''a%C3%A9.wav");
    }

    #[test]
    fn without_a_length_there_is_no_content_length_and_no_range() {
        let answer = answer(Some("bytes=2-4"), None);
        assert_eq!(answer.byte_range().unwrap(), 0..u64::MAX);
        let response = answer.without_body();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, header::CONTENT_LENGTH), "");
        assert_eq!(header(&response, header::ACCEPT_RANGES), "none");
    }

    #[test]
    fn a_range_after_the_end_is_answered_with_the_length() {
        let response = *answer(Some("bytes=10-"), Some(10)).byte_range().unwrap_err();
        assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(header(&response, header::CONTENT_RANGE), "bytes */10");
    }
}
