//! Error texts in the responses to requests that hyper cannot parse.
//!
//! hyper responds to such a request itself, before there is a request for the router: with a status and no body. Then the
//! connection is closed. [`ErrorBodyStream`] wraps the connection below hyper and adds a body with an error text to such a
//! response.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::http::StatusCode;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that adds a body to the error responses that hyper makes itself.
pub struct ErrorBodyStream<S> {
    stream: S,
    /// The rest of a replaced response that is not written yet.
    rest: Vec<u8>,
}

impl<S> ErrorBodyStream<S> {
    pub const fn new(stream: S) -> Self {
        Self { stream, rest: Vec::new() }
    }
}

/// The response with an error text that replaces `head`; none if `head` is not an error response that hyper made itself. Such a response
/// has an empty body, while the errors of the router have a body.
fn with_error_text(head: &[u8]) -> Option<Vec<u8>> {
    let head = str::from_utf8(head).ok()?;
    let status = head.strip_prefix("HTTP/1.1 4")?;
    let head = head.strip_suffix("\r\n\r\n").filter(|head| !head.contains("\r\n\r\n"))?;
    if !head.contains("\r\ncontent-length: 0\r\n") || head.contains("\r\ncontent-type:") {
        return None;
    }
    let status = StatusCode::from_bytes(format!("4{}", status.get(..2)?).as_bytes()).ok()?;
    let what = match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "address and headers are too long, or too many: send fewer",
        _ => "this is not a request of HTTP/1.1: its first line, a header or a length is wrong",
    };
    Some(add_body(head, what).into_bytes())
}

/// The response to a client that starts with HTTP/2 at once. hyper sends no response to such a client.
pub fn no_http_2() -> String {
    let head = "HTTP/1.1 505 HTTP Version Not Supported\r\nconnection: close\r\ncontent-length: 0";
    add_body(head, "this server supports HTTP/1.1 and not HTTP/2: use HTTP/1.1")
}

/// Adds a body to a response with an empty body.
fn add_body(head: &str, what: &str) -> String {
    let body = json!({ "error": what }).to_string();
    let headers = format!("\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
    format!("{}\r\n\r\n{body}", head.replacen("\r\ncontent-length: 0", &headers, 1))
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ErrorBodyStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, rest } = self.get_mut();
        if rest.is_empty() {
            match with_error_text(bytes) {
                Some(response) => *rest = response,
                None => return Pin::new(stream).poll_write(cx, bytes),
            }
        }
        while !rest.is_empty() {
            let written = ready!(Pin::new(&mut *stream).poll_write(cx, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            rest.drain(..written);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // hyper writes such a response with one slice.
        match parts {
            [one] => self.poll_write(cx, one),
            parts => Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ErrorBodyStream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_error_without_a_body_gets_one() {
        let head =
            "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        let answer = String::from_utf8(with_error_text(head.as_bytes()).unwrap()).unwrap();
        let (head_with_body, body) = answer.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "{\"error\":\"address and headers are too long, or too many: send fewer\"}");
        assert_eq!(
            head_with_body,
            "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: 69\r\ndate: x"
        );
        for other in [
            &*head.replace("431", "304"),
            &head.replace("content-length: 0", "content-length: 5"),
            &head.replace("connection: close", "content-type: audio/wav"),
            &format!("{head}more"),
            "HTTP/1.1 4",
            "RIFF",
        ] {
            assert_eq!(with_error_text(other.as_bytes()), None, "{other}");
        }
    }
}
