//! The replies of an Icecast server to a source.

use std::fmt;

/// The longest head of a reply, in bytes.
const LONGEST_HEAD: usize = 8_192;
/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 120;

/// A reply to a request of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// 100: the stream may begin. The final reply may follow, or may not.
    Continue,
    /// 200 to 299: the request is accepted.
    Accepted,
    /// 401: the user or the password is wrong.
    WrongLogin,
    /// 403: the server refuses this source, for example because the mount is in use. It has the server's reason.
    Forbidden(String),
    /// 404: there is no such mount, or the server accepts no sources by `PUT`.
    NotFound,
    /// Another status, with the server's reason.
    Other(u16, String),
}

/// Bytes that are no reply.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyError {
    /// They do not begin as a reply of HTTP does.
    #[error("the server does not reply as an Icecast server does")]
    NotHttp,
    /// The head of the reply is longer than 8,192 bytes.
    #[error("the head of the server's reply is longer than 8 KiB")]
    TooLong,
}

impl Reply {
    /// Reads the first reply in `bytes`. Returns it with the number of bytes of its head; `None` when the head is not complete.
    ///
    /// ```
    /// use crowd_streaming::icecast::source::Reply;
    ///
    /// let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n";
    /// assert_eq!(Reply::parse(bytes), Ok(Some((Reply::Continue, 25))));
    /// assert_eq!(Reply::parse(&bytes[25..]), Ok(None));
    /// ```
    ///
    /// # Errors
    /// [`ReplyError`] when the bytes are no reply.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, ReplyError> {
        if !b"HTTP/1.".iter().zip(bytes).all(|(expected, byte)| expected == byte) {
            return Err(ReplyError::NotHttp);
        }
        let head = bytes.get(..LONGEST_HEAD).unwrap_or(bytes);
        // Old servers end lines without a carriage return.
        let ends = [&b"\r\n\r\n"[..], b"\n\n"].map(|end| {
            let start = head.windows(end.len()).position(|window| window == end);
            start.map(|start| start + end.len())
        });
        let Some(end) = ends.into_iter().flatten().min() else {
            return if bytes.len() >= LONGEST_HEAD { Err(ReplyError::TooLong) } else { Ok(None) };
        };
        let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let mut words = line.trim_end().splitn(3, ' ');
        let status = words.nth(1).and_then(|status| status.parse().ok()).filter(|status| (100..600).contains(status));
        let reason = words.next().unwrap_or_default();
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect();
        let reply = match status.ok_or(ReplyError::NotHttp)? {
            100 => Self::Continue,
            200..=299 => Self::Accepted,
            401 => Self::WrongLogin,
            403 => Self::Forbidden(reason),
            404 => Self::NotFound,
            other => Self::Other(other, reason),
        };
        Ok(Some((reply, end)))
    }

    /// The reply with the reason that its body gives, which often says more than the head. `body` is what follows the head; it may be
    /// incomplete, and plain text or HTML.
    #[must_use]
    pub fn with_body(self, body: &[u8]) -> Self {
        let text = plain_text(body);
        match self {
            Self::Forbidden(_) if !text.is_empty() => Self::Forbidden(text),
            Self::Other(status, _) if !text.is_empty() => Self::Other(status, text),
            other => other,
        }
    }
}

/// The beginning of a text without tags of HTML, line breaks and control characters.
fn plain_text(body: &[u8]) -> String {
    let mut is_in_tag = false;
    let body = String::from_utf8_lossy(body);
    let text = body.chars().filter_map(|c| match c {
        '<' => {
            is_in_tag = true;
            Some(' ')
        }
        '>' if std::mem::take(&mut is_in_tag) => None,
        _ if is_in_tag => None,
        c => Some(if c.is_control() { ' ' } else { c }),
    });
    let text: String = text.collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST_REASON).collect()
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Continue => f.write_str("the server waits for the stream"),
            Self::Accepted => f.write_str("the server accepts the stream"),
            Self::WrongLogin => f.write_str("the server refuses the user or the password (401)"),
            Self::Forbidden(reason) => write!(f, "the server refuses the stream (403 {reason})"),
            Self::NotFound => f.write_str("the server has no such mount (404)"),
            Self::Other(status, reason) => write!(f, "the server replies {status} {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<(Reply, usize)>, ReplyError> {
        Reply::parse(text.as_bytes())
    }

    #[test]
    fn the_replies_of_icecast_are_read_one_after_the_other() {
        let continues = "HTTP/1.1 100 Continue\r\nServer: Icecast 2.4.4\r\nContent-Length: 0\r\n\r\n";
        let accepted = "HTTP/1.0 200 OK\r\n\r\n";
        let both = format!("{continues}{accepted}");
        assert_eq!(parse(&both), Ok(Some((Reply::Continue, continues.len()))));
        assert_eq!(parse(accepted), Ok(Some((Reply::Accepted, accepted.len()))));
        for length in 0..continues.len() {
            assert_eq!(parse(&continues[..length]), Ok(None), "{length} bytes");
        }
    }

    #[test]
    fn a_refusal_says_what_is_wrong() {
        for (line, reply, text) in [
            ("401 Authentication Required", Reply::WrongLogin, "password (401)"),
            ("403 Mountpoint in use", Reply::Forbidden("Mountpoint in use".into()), "(403 Mountpoint in use)"),
            ("404 File Not Found", Reply::NotFound, "mount (404)"),
            ("500", Reply::Other(500, String::new()), "500"),
            ("503 too\u{7} many", Reply::Other(503, "too many".into()), "replies 503 too many"),
            ("201 Created", Reply::Accepted, "accepts"),
        ] {
            let (read, _) = parse(&format!("HTTP/1.1 {line}\n\n<html>")).unwrap().unwrap();
            assert!(read == reply && read.to_string().contains(text), "{line}: {read:?}, {read}");
        }
    }

    #[test]
    fn the_reason_of_the_body_replaces_that_of_the_head() {
        let forbidden = Reply::Forbidden("Forbidden".into());
        for (body, reason) in [
            ("dj is on air\r\n", "dj is on air"),
            ("<html><title>Error 403</title>\n<b>Mountpoint in use</b></html>", "Error 403 Mountpoint in use"),
            ("a > b <i", "a > b"),
            (" \n<p></p>", "Forbidden"),
            ("", "Forbidden"),
        ] {
            assert_eq!(forbidden.clone().with_body(body.as_bytes()), Reply::Forbidden(reason.into()), "{body}");
        }
        assert_eq!(Reply::WrongLogin.with_body(b"x"), Reply::WrongLogin);
        assert_eq!(Reply::Other(503, String::new()).with_body(&[b'x'; 500]), Reply::Other(503, "x".repeat(120)));
    }

    #[test]
    fn other_bytes_are_refused_at_once() {
        assert_eq!(parse("SSH-2.0-OpenSSH"), Err(ReplyError::NotHttp));
        assert_eq!(parse("HTTP/1.1 2000 x\r\n\r\n"), Err(ReplyError::NotHttp));
        assert_eq!(parse("HTTP/1.1\r\n\r\n"), Err(ReplyError::NotHttp));
        assert_eq!(parse(&format!("HTTP/1.1 200 {}", "x".repeat(9_000))), Err(ReplyError::TooLong));
        assert_eq!(parse(&format!("HTTP/1.1 200 {}\r\n\r\n", "x".repeat(9_000))), Err(ReplyError::TooLong));
    }
}
