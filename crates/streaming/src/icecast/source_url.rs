//! The URL of a mount of an Icecast server.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

/// The port of an Icecast server if the URL has none.
const PORT: u16 = 8_000;
/// The user of a source if the URL has none.
const USER: &str = "source";
/// The longest mount, in bytes.
const LONGEST_MOUNT: usize = 255;

/// The place to which a source sends sound: `icecast://[USER@]HOST[:PORT]/MOUNT`. The port is 8000 and the user `source` unless the URL
/// has others. A host may be a name, an IPv4 address, or an IPv6 address in brackets.
///
/// ```
/// use crowd_streaming::icecast::source::SourceUrl;
///
/// let url: SourceUrl = "icecast://radio.example/dance.ogg".parse()?;
/// assert_eq!((url.user.as_str(), url.host.as_str(), url.port), ("source", "radio.example", 8_000));
/// assert_eq!(url.mount, "/dance.ogg");
/// assert_eq!(url.to_string(), "icecast://radio.example:8000/dance.ogg");
/// # Ok::<(), crowd_streaming::icecast::source::SourceUrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceUrl {
    /// The name with which the source logs in. It has no colon and no control character.
    pub user: String,
    /// The name or address of the server, without brackets.
    pub host: String,
    /// The TCP port of the server, from 1 to 65,535.
    pub port: u16,
    /// The path of the mount, with its slash. It consists of visible ASCII characters, without `?` and `#`.
    pub mount: String,
}

/// The reason why a text is not the URL of a mount. No message contains the text, because the text may contain a password.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceUrlError {
    /// It has another scheme.
    #[error("the form of the URL is icecast://HOST:PORT/MOUNT")]
    Scheme,
    /// Encrypted connections are not supported.
    #[error(
        "icecasts:// is not supported: use icecast:// in a network that you trust, or to a TLS tunnel (stunnel) on this machine"
    )]
    Encrypted,
    /// It contains a password.
    #[error(
        "the URL contains a password, which every user of this machine can see: give it in a file or in the environment"
    )]
    Password,
    /// The user has characters that a login cannot have.
    #[error("the user of the URL may be any text without colons and control characters, in UTF-8")]
    User,
    /// The host is missing or not valid.
    #[error("the host of the URL has to be a name, an IPv4 address, or an IPv6 address in brackets")]
    Host,
    /// The port is not valid.
    #[error("the port of the URL has to be a number from 1 to 65535")]
    Port,
    /// The mount is missing or not valid.
    #[error(
        "the URL has to end with a mount, such as /dance.ogg: ASCII without spaces, ? and #, at most 255 characters"
    )]
    Mount,
}

impl FromStr for SourceUrl {
    type Err = SourceUrlError;

    fn from_str(text: &str) -> Result<Self, SourceUrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(SourceUrlError::Scheme)?;
        let is_encrypted = scheme.eq_ignore_ascii_case("icecasts");
        if !is_encrypted && !scheme.eq_ignore_ascii_case("icecast") {
            return Err(SourceUrlError::Scheme);
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // A password may contain an `@`.
        let (login, address) =
            authority.rsplit_once('@').map_or((None, authority), |(login, address)| (Some(login), address));
        if login.is_some_and(|login| login.contains(':')) {
            return Err(SourceUrlError::Password);
        }
        if is_encrypted {
            return Err(SourceUrlError::Encrypted);
        }
        let user = percent_decode_str(login.unwrap_or(USER)).decode_utf8().map_err(|_| SourceUrlError::User)?;
        if user.is_empty() || user.contains(|c: char| c == ':' || c.is_control()) {
            return Err(SourceUrlError::User);
        }
        let (host, port) = host_and_port(address)?;
        let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"?#".contains(&byte);
        if path.is_empty() || path.len() >= LONGEST_MOUNT || !path.bytes().all(is_allowed) {
            return Err(SourceUrlError::Mount);
        }
        Ok(Self { user: user.into_owned(), host: host.to_owned(), port, mount: format!("/{path}") })
    }
}

fn host_and_port(address: &str) -> Result<(&str, u16), SourceUrlError> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(SourceUrlError::Host)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| SourceUrlError::Host)?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':').ok_or(SourceUrlError::Port)?) })
        }
        None => address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port))),
    };
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_allowed) {
        return Err(SourceUrlError::Host);
    }
    let port = port.map_or(Ok(PORT), str::parse).ok().filter(|port| *port > 0).ok_or(SourceUrlError::Port)?;
    Ok((host, port))
}

impl SourceUrl {
    /// The host and the port, as the header `Host` has them.
    #[must_use]
    pub fn address(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

impl fmt::Display for SourceUrl {
    /// The URL without the user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "icecast://{}{}", self.address(), self.mount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(String, String, u16, String), SourceUrlError> {
        text.parse().map(|url: SourceUrl| (url.user, url.host, url.port, url.mount))
    }

    #[test]
    fn a_url_has_a_default_user_and_port() {
        let expected = |user: &str, host: &str, port, mount: &str| Ok((user.into(), host.into(), port, mount.into()));
        assert_eq!(parse("icecast://h/m"), expected("source", "h", 8_000, "/m"));
        assert_eq!(parse("ICECAST://dj@h:81/a/b.ogg"), expected("dj", "h", 81, "/a/b.ogg"));
        assert_eq!(parse("icecast://d%20j%40x@10.0.0.1/m"), expected("d j@x", "10.0.0.1", 8_000, "/m"));
        assert_eq!(parse("icecast://[::1]:9000/m"), expected("source", "::1", 9_000, "/m"));
        let url: SourceUrl = "icecast://dj@[fe80::1]/m".parse().unwrap();
        assert_eq!(
            (url.address().as_str(), url.to_string().as_str()),
            ("[fe80::1]:8000", "icecast://[fe80::1]:8000/m")
        );
    }

    #[test]
    fn a_wrong_url_is_refused_with_the_reason_and_without_its_text() {
        for (text, error) in [
            ("h:8000/m", SourceUrlError::Scheme),
            ("http://h/m", SourceUrlError::Scheme),
            ("icecasts://h/m", SourceUrlError::Encrypted),
            ("icecast://source:hackme@h/m", SourceUrlError::Password),
            ("icecasts://source:hackme@h/m", SourceUrlError::Password),
            ("icecast://:hackme@h/m", SourceUrlError::Password),
            ("icecast://source:hack@me@h/m", SourceUrlError::Password),
            ("icecast://@h/m", SourceUrlError::User),
            ("icecast://a%3Ahackme@h/m", SourceUrlError::User),
            ("icecast://a%FF@h/m", SourceUrlError::User),
            ("icecast://a%0A@h/m", SourceUrlError::User),
            ("icecast:///m", SourceUrlError::Host),
            ("icecast://a b/m", SourceUrlError::Host),
            ("icecast://::1/m", SourceUrlError::Host),
            ("icecast://[::x]/m", SourceUrlError::Host),
            ("icecast://[::1/m", SourceUrlError::Host),
            ("icecast://[::1]8/m", SourceUrlError::Port),
            ("icecast://h:0/m", SourceUrlError::Port),
            ("icecast://h:/m", SourceUrlError::Port),
            ("icecast://h:65536/m", SourceUrlError::Port),
            ("icecast://h", SourceUrlError::Mount),
            ("icecast://h/", SourceUrlError::Mount),
            ("icecast://h/m?x=1", SourceUrlError::Mount),
            ("icecast://h/a b", SourceUrlError::Mount),
            ("icecast://h/m\r\nX: y", SourceUrlError::Mount),
        ] {
            let refused = parse(text).unwrap_err();
            // `icecast://::1/m` has an empty host before its first colon.
            assert_eq!(refused, error, "{text}");
            assert!(!refused.to_string().contains("hack"), "{refused}");
        }
    }
}
