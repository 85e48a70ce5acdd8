//! Reads the requests of sources.

use super::credentials::Credentials;
use super::head::Head;
use super::text;

/// The longest head that is accepted, in bytes.
pub const MAX_HEAD: usize = 8 << 10;

/// The number of bytes of the head at the start of `bytes`, with the empty line at its end. `None` if it is not complete.
#[must_use]
pub fn head_length(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        let line = bytes.get(start..at).unwrap_or_default();
        if line.is_empty() || line == b"\r" {
            return Some(at + 1);
        }
        start = at + 1;
    }
    None
}

/// A request that a source or a listener sends to the port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// `PUT` or `SOURCE`: sound follows the head.
    Source(SourceRequest),
    /// `GET /admin/metadata?mode=updinfo`: a new title.
    Title(TitleRequest),
    /// `OPTIONS`: the client asks what the server can do. libshout does it with `Upgrade: TLS`.
    Options,
    /// `GET /admin/!POKE`: libshout asks for any reply.
    Poke,
    /// `GET` or `HEAD` of another path. The port serves no listeners.
    Other {
        /// The path, with `%XX` decoded.
        path: String,
    },
}

/// The start of a source's sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRequest {
    /// The path that the sound is for. It begins with a slash.
    pub mount: String,
    /// The user and the password, if they were sent.
    pub credentials: Option<Credentials>,
    /// The content type that the source states, in lower case and without parameters. It is often wrong.
    pub content_type: Option<String>,
    /// The name of the show: `ice-name`.
    pub name: Option<String>,
    /// Whether the source waits for [`Reply::Continue`](super::Reply::Continue).
    pub expects_continue: bool,
    /// Whether the source never reads a reply that accepts it: ffmpeg with `-legacy_icecast 1`. A reply that is not read would reset the
    /// connection at its end, and the last second of the sound would be lost.
    pub reads_no_reply: bool,
    /// Whether the sound is sent in chunks (`Transfer-Encoding: chunked`), as curl does.
    pub chunked: bool,
    /// The number of bytes of the sound, if it was stated.
    pub length: Option<u64>,
}

/// A new title of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TitleRequest {
    /// The mount of the source.
    pub mount: String,
    /// The user and the password, if they were sent.
    pub credentials: Option<Credentials>,
    /// The title: `song`, or "Artist - Title". At most 1,000 characters. `None` if it is empty.
    pub title: Option<String>,
}

/// A request that is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request is not understood: {0}")]
pub struct BadRequest(pub &'static str);

impl Request {
    /// Reads the head of a request, with or without the empty line at its end.
    ///
    /// # Errors
    /// [`BadRequest`] with the reason.
    pub fn parse(head: &[u8]) -> Result<Self, BadRequest> {
        if head.len() > MAX_HEAD {
            return Err(BadRequest("the head is longer than 8 KiB"));
        }
        let head = Head::parse(head).map_err(BadRequest)?;
        let (path, query) = head.path_and_query();
        let path = text::decode(&text::percent_decoded(path, false), None);
        let credentials = head.value("authorization").and_then(Credentials::parse);
        match head.method {
            "PUT" | "SOURCE" => Ok(Self::Source(source(&head, path, credentials)?)),
            "OPTIONS" => Ok(Self::Options),
            "GET" if path == "/admin/!POKE" => Ok(Self::Poke),
            "GET" if path == "/admin/metadata" || path == "/admin/metadata.xsl" => {
                Ok(Self::Title(title(query, credentials)?))
            }
            "GET" | "HEAD" => Ok(Self::Other { path }),
            _ => Err(BadRequest("the method is not PUT, SOURCE, GET, HEAD or OPTIONS")),
        }
    }
}

fn source(head: &Head<'_>, mount: String, credentials: Option<Credentials>) -> Result<SourceRequest, BadRequest> {
    if !mount.starts_with('/') || mount.chars().any(char::is_control) {
        return Err(BadRequest("the mount does not begin with a slash, or has control characters"));
    }
    let value = |name| head.value(name).map(|value| text::decode(value, None));
    let has = |name, wanted: &str| value(name).is_some_and(|value| value.trim().eq_ignore_ascii_case(wanted));
    let content_type = value("content-type").and_then(|value| {
        let value = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        text::clean(&value)
    });
    let length = value("content-length").map(|value| value.parse()).transpose();
    Ok(SourceRequest {
        mount,
        credentials,
        content_type,
        name: value("ice-name").and_then(|name| text::clean(&name)),
        expects_continue: has("expect", "100-continue"),
        reads_no_reply: head.method == "SOURCE" && value("user-agent").is_some_and(|name| name.starts_with("Lavf/")),
        chunked: has("transfer-encoding", "chunked"),
        length: length.map_err(|_| BadRequest("the Content-Length is not a number"))?,
    })
}

/// The values of a query that are used.
fn title(query: &str, credentials: Option<Credentials>) -> Result<TitleRequest, BadRequest> {
    let fields: Vec<_> = query.split('&').map(|field| field.split_once('=').unwrap_or((field, ""))).collect();
    let bytes = |name: &str| {
        let found = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| text::percent_decoded(value, true))
    };
    let plain = |name| bytes(name).map(|value| text::decode(&value, None));
    if plain("mode").as_deref() != Some("updinfo") {
        return Err(BadRequest("the mode is not updinfo"));
    }
    let mount = plain("mount").ok_or(BadRequest("the mount is missing"))?;
    let charset = plain("charset");
    let value = |name| bytes(name).and_then(|value| text::clean(&text::decode(&value, charset.as_deref())));
    let title = value("song").or_else(|| match (value("artist"), value("title")) {
        (Some(artist), Some(title)) => text::clean(&format!("{artist} - {title}")),
        (artist, title) => title.or(artist),
    });
    Ok(TitleRequest { mount, credentials, title })
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
