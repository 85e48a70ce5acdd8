//! The replies to sources.

/// A reply to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The source may send its sound. Sent before [`Ok`](Self::Ok), if the source waits for it.
    Continue,
    /// The request is accepted. For a source, the connection stays open.
    Ok,
    /// What the server can do, for [`Request::Options`](super::Request::Options).
    Options,
    /// The user or the password is wrong or missing.
    Unauthorized,
    /// The source is not accepted now. The text is the reason, for a person.
    Forbidden(String),
    /// There is no such mount. These are the mounts of the user.
    NotFound(Vec<String>),
    /// The request is not understood. The text is the reason.
    BadRequest(String),
    /// There are too many connections.
    Unavailable(String),
}

impl Reply {
    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Continue => 100,
            Self::Ok | Self::Options => 200,
            Self::Unauthorized => 401,
            Self::Forbidden(_) => 403,
            Self::NotFound(_) => 404,
            Self::BadRequest(_) => 400,
            Self::Unavailable(_) => 503,
        }
    }

    /// The reply as bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        const AUTHENTICATE: &str = "WWW-Authenticate: Basic realm=\"Icecast2 Server\"\r\n";
        const ALLOW: &str = "Allow: GET, HEAD, OPTIONS, PUT, SOURCE\r\n";
        let (reason, headers, body) = match self {
            // As Icecast: with a length, and in HTTP/1.1, although the final reply is HTTP/1.0.
            Self::Continue => return b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n".to_vec(),
            Self::Ok => return b"HTTP/1.0 200 OK\r\nConnection: close\r\nCache-Control: no-cache\r\n\r\n".to_vec(),
            Self::Options => ("OK", ALLOW, String::new()),
            Self::Unauthorized => {
                ("Authentication Required", AUTHENTICATE, "the user or the password is wrong".to_owned())
            }
            Self::Forbidden(reason) => ("Forbidden", "", reason.clone()),
            Self::NotFound(mounts) => {
                ("Not Found", "", format!("there is no such mount; the mounts are {}", mounts.join(", ")))
            }
            Self::BadRequest(reason) => ("Bad Request", "", reason.clone()),
            Self::Unavailable(reason) => ("Service Unavailable", "Retry-After: 10\r\n", reason.clone()),
        };
        // The body is text of the server and names of users and mounts. A header cannot have its line ends.
        let body: String = body.chars().filter(|one| !one.is_control()).collect();
        let body = if body.is_empty() { body } else { format!("{body}\n") };
        format!(
            "HTTP/1.0 {} {reason}\r\n{headers}Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
             Connection: close\r\nCache-Control: no-cache\r\n\r\n{body}",
            self.status(),
            body.len(),
        )
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_those_that_sources_expect() {
        let text = |reply: Reply| String::from_utf8(reply.bytes()).unwrap();
        assert_eq!(text(Reply::Continue), "HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n");
        assert!(text(Reply::Ok).starts_with("HTTP/1.0 200 OK\r\n"));
        assert!(!text(Reply::Ok).contains("Content-Length"));
        assert!(text(Reply::Unauthorized).contains("\r\nWWW-Authenticate: Basic realm="));
        let forbidden = text(Reply::Forbidden("anna from 1.2.3.4\r\n is connected".to_owned()));
        assert!(
            forbidden.starts_with("HTTP/1.0 403 ") && forbidden.ends_with("\r\n\r\nanna from 1.2.3.4 is connected\n")
        );
        assert!(forbidden.contains("Content-Length: 31\r\n"), "{forbidden}");
        let missing = text(Reply::NotFound(vec!["/a".to_owned(), "/b".to_owned()]));
        assert!(missing.ends_with("the mounts are /a, /b\n"));
        assert!(text(Reply::Options).contains("Allow: "));
    }
}
