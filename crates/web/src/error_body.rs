//! ResponseCounts to requests that cannot be read.
//!
//! hyper answers these by itself, before there is a request to hand on: a status, no body, and the connection is closed. A client
//! is to be told what was wrong here as everywhere, so this stands between hyper and the connection and puts words into such an
//! answer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::http::StatusCode;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection on which hyper's own errors have words.
pub struct ErrorBodyStream<S> {
    stream: S,
    /// What is left of an answer that took the place of hyper's.
    rest: Vec<u8>,
}

impl<S> ErrorBodyStream<S> {
    pub const fn new(stream: S) -> Self {
        Self { stream, rest: Vec::new() }
    }
}

/// The answer in place of one that hyper wrote by itself: an error whose body is empty. Those of the service have one.
fn in_words(head: &[u8]) -> Option<Vec<u8>> {
    let head = str::from_utf8(head).ok()?;
    let status = head.strip_prefix("HTTP/1.1 4")?;
    let head = head.strip_suffix("\r\n\r\n").filter(|head| !head.contains("\r\n\r\n"))?;
    if !head.contains("\r\ncontent-length: 0\r\n") || head.contains("\r\ncontent-type:") {
        return None;
    }
    let status = StatusCode::from_bytes(format!("4{}", status.get(..2)?).as_bytes()).ok()?;
    let what = match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "address and headers are too long, or too many: send fewer",
        _ => "this is no request of HTTP/1.1: its first line, a header or a length is wrong",
    };
    Some(with_words(head, what).into_bytes())
}

/// The answer to a client that begins with HTTP/2 without having asked, to which hyper gives none.
pub fn no_http_2() -> String {
    let head = "HTTP/1.1 505 HTTP Version Not Supported\r\nconnection: close\r\ncontent-length: 0";
    with_words(head, "this server has HTTP/1.1 and not HTTP/2: ask with that")
}

/// An answer whose body was empty, with words for one.
fn with_words(head: &str, what: &str) -> String {
    let body = json!({ "error": what }).to_string();
    let told = format!("\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
    format!("{}\r\n\r\n{body}", head.replacen("\r\ncontent-length: 0", &told, 1))
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ErrorBodyStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, rest } = self.get_mut();
        if rest.is_empty() {
            match in_words(bytes) {
                Some(answer) => *rest = answer,
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
        // Such an answer is one part, all that there is to write.
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
    fn only_an_error_without_a_body_is_given_one() {
        let head =
            "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        let answer = String::from_utf8(in_words(head.as_bytes()).unwrap()).unwrap();
        let (told, body) = answer.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "{\"error\":\"address and headers are too long, or too many: send fewer\"}");
        assert_eq!(
            told,
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
            assert_eq!(in_words(other.as_bytes()), None, "{other}");
        }
    }
}
