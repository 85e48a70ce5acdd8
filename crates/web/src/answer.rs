//! Answers over files that may not exist yet (RFC 9110, sections 8.8, 13 and 14).

use std::convert::Infallible;
use std::ops::Range;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use crate::problem::Problem;
use crate::range::{Wanted, wanted};
use crate::tag::other_version;

/// A file as it is told before its bytes are sent: it may not exist yet, but its tag does.
#[derive(Debug)]
pub struct Told {
    /// Its length in bytes, where it is known before the file is made. Without it there are no ranges.
    pub length: Option<u64>,
    /// Its strong entity tag, in quotes; none where it cannot be told yet which version it is.
    pub tag: Option<String>,
    /// Its media type.
    pub media_type: &'static str,
    /// The name under which a client saves it.
    pub name: String,
    /// Whether a browser is to save it instead of showing it.
    pub saved: bool,
}

/// What a request is answered with: statuses 200, 206, 304, 412 or 416, and their headers.
#[derive(Debug)]
pub struct Answer {
    told: Told,
    wanted: Wanted,
}

impl Answer {
    /// Answers the conditions and the range of a request for a file.
    pub fn new(method: &Method, headers: &HeaderMap, told: Told) -> Self {
        let wanted = wanted(method, headers, told.length, told.tag.as_deref());
        Self { told, wanted }
    }

    /// The bytes to send, or an answer without any.
    ///
    /// # Errors
    /// The answer, where there is nothing to send: 304, 412 or 416.
    pub fn begin(&self) -> Result<Range<u64>, Box<Response>> {
        match &self.wanted {
            Wanted::Whole => Ok(0..self.told.length.unwrap_or(u64::MAX)),
            Wanted::Part(range) => Ok(range.clone()),
            Wanted::NotModified => Err(Box::new(self.with(StatusCode::NOT_MODIFIED, Body::empty()))),
            Wanted::OtherVersion => {
                let tag = self.told.tag.as_deref().unwrap_or("that is not known yet");
                Err(Box::new(other_version(tag).into_response()))
            }
            Wanted::Nothing => {
                let length = self.told.length.unwrap_or(0);
                let problem = format!("Range: none of it lies in the {length} bytes there are");
                let mut response = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, problem).into_response();
                put(response.headers_mut(), header::CONTENT_RANGE, format!("bytes */{length}"));
                Err(Box::new(response))
            }
        }
    }

    /// The answer with its bytes.
    pub fn finish(&self, body: Body) -> Response {
        let Wanted::Part(range) = &self.wanted else {
            let mut response = self.with(StatusCode::OK, body);
            if let Some(length) = self.told.length {
                put(response.headers_mut(), header::CONTENT_LENGTH, length.to_string());
            }
            return response;
        };
        let mut response = self.with(StatusCode::PARTIAL_CONTENT, body);
        let length = self.told.length.unwrap_or(0);
        put(response.headers_mut(), header::CONTENT_RANGE, format!("bytes {}-{}/{length}", range.start, range.end - 1));
        put(response.headers_mut(), header::CONTENT_LENGTH, (range.end - range.start).to_string());
        response
    }

    /// The answer to `HEAD`, which has no range. Its body has no length of its own, so that none is told where none is known.
    pub fn without_bytes(&self) -> Response {
        self.finish(Body::from_stream(stream::empty::<Result<Bytes, Infallible>>()))
    }

    fn with(&self, status: StatusCode, body: Body) -> Response {
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        if let Some(tag) = &self.told.tag {
            put(headers, header::ETAG, tag.clone());
        }
        // May be kept for ever; whether it is still the one is asked each time.
        put(headers, header::CACHE_CONTROL, "private, no-cache".to_owned());
        put(headers, header::ACCEPT_RANGES, if self.told.length.is_some() { "bytes" } else { "none" }.to_owned());
        put(headers, header::CONTENT_TYPE, self.told.media_type.to_owned());
        put(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned());
        put(headers, header::CONTENT_DISPOSITION, disposition(&self.told.name, self.told.saved));
        response
    }
}

/// Text made here is always a valid value.
fn put(headers: &mut HeaderMap, name: header::HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// A name to save it under (RFC 6266, RFC 8187).
fn disposition(name: &str, saved: bool) -> String {
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
    format!("{}; filename*=UTF-8''{escaped}", if saved { "attachment" } else { "inline" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(range: Option<&'static str>, length: Option<u64>) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(range) = range {
            headers.insert(header::RANGE, HeaderValue::from_static(range));
        }
        let told = Told {
            length,
            tag: Some("\"t\"".to_owned()),
            media_type: "audio/wav",
            name: "a\u{e9}.wav".to_owned(),
            saved: false,
        };
        Answer::new(&Method::GET, &headers, told)
    }

    fn header(response: &Response, name: header::HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn a_part_says_which_and_of_how_much() {
        let answer = answer(Some("bytes=2-4"), Some(10));
        assert_eq!(answer.begin().unwrap(), 2..5);
        let response = answer.without_bytes();
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(header(&response, header::CONTENT_RANGE), "bytes 2-4/10");
        assert_eq!(header(&response, header::CONTENT_LENGTH), "3");
        assert_eq!(header(&response, header::CONTENT_DISPOSITION), "inline; filename*=UTF-8''a%C3%A9.wav");
    }

    #[test]
    fn a_length_that_is_not_known_is_not_told_and_has_no_ranges() {
        let answer = answer(Some("bytes=2-4"), None);
        assert_eq!(answer.begin().unwrap(), 0..u64::MAX);
        let response = answer.without_bytes();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, header::CONTENT_LENGTH), "");
        assert_eq!(header(&response, header::ACCEPT_RANGES), "none");
    }

    #[test]
    fn a_range_behind_the_end_is_answered_with_the_length() {
        let response = *answer(Some("bytes=10-"), Some(10)).begin().unwrap_err();
        assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(header(&response, header::CONTENT_RANGE), "bytes */10");
    }
}
