//! `rtmp://HOST[:PORT]/APP/KEY` and `rtmps://`.

use crowd_streaming::rtmp::RtmpTarget;

use super::url_text::Origin;

/// The ports of RTMP and RTMPS.
const PORT: u16 = 1935;
const TLS_PORT: u16 = 443;

/// An application of an RTMP server, and the key of a stream. Debug output has no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtmpUrl {
    target: RtmpTarget,
}

impl RtmpUrl {
    /// Parses the URL. In a file its last part is the key, unless it ends with `/`.
    ///
    /// # Errors
    /// A text with advice, without the URL.
    pub(super) fn parse(text: &str, origin: Origin) -> Result<Self, String> {
        let form = "give rtmp://HOST[:PORT]/APP/KEY or rtmps://HOST[:PORT]/APP/KEY";
        let (scheme, rest) = text.split_once("://").ok_or(form)?;
        let tls = scheme.eq_ignore_ascii_case("rtmps");
        let (authority, path) = rest.split_once('/').ok_or(form)?;
        if authority.contains('@') {
            return Err("a user is not possible in such a URL: the key is its last part".to_owned());
        }
        let (host, port) = host_and_port(authority, if tls { TLS_PORT } else { PORT }).ok_or(form)?;
        let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
        let (app, key) = match path.strip_suffix('/') {
            Some(app) if query.is_empty() => (app, String::new()),
            Some(_) => return Err("the key before the ? is missing".to_owned()),
            None => path.rsplit_once('/').map_or((path, String::new()), |(app, key)| (app, format!("{key}{query}"))),
        };
        if app.is_empty() || app.split('/').any(str::is_empty) {
            return Err(form.to_owned());
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("the URL contains spaces or control characters".to_owned());
        }
        if key.is_empty() && !query.is_empty() {
            return Err("the parameters belong to a key, which is missing".to_owned());
        }
        if origin == Origin::CommandLine && !key.is_empty() {
            return Err("the URL contains a key, which every user of this machine can see: write the whole URL into a file, and name \
                        the file with --publish-file; or leave the key out, end the URL with /, and name a file with the key \
                        (--publish-password-file)"
                .to_owned());
        }
        Ok(Self { target: RtmpTarget { host, port, tls, app: app.to_owned(), key } })
    }

    /// The URL without the key.
    pub fn name(&self) -> String {
        self.target.url()
    }

    /// Whether the URL has a key.
    pub fn has_key(&self) -> bool {
        !self.target.key.is_empty()
    }

    /// The stream, with this key if the URL has none.
    pub(super) fn target(self, key: Option<&str>) -> RtmpTarget {
        let mut target = self.target;
        if target.key.is_empty() {
            key.unwrap_or_default().clone_into(&mut target.key);
        }
        target
    }
}

/// The host, without the brackets of an IPv6 address, and the port.
fn host_and_port(authority: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(default), |port| port.parse().ok().filter(|port| *port > 0))?;
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_is_the_key_in_files_only() {
        let parse = |text: &str| RtmpUrl::parse(text, Origin::File).unwrap();
        let target = parse("rtmp://a.example/live2/ab-cd?x=1/2").target(None);
        assert_eq!((target.host.as_str(), target.port, target.tls), ("a.example", 1935, false));
        assert_eq!((target.app.as_str(), target.key.as_str()), ("live2", "ab-cd?x=1/2"));
        let url = parse("RTMPS://[::1]:444/a/b/KEY");
        assert_eq!((url.name().as_str(), url.has_key()), ("rtmps://[::1]:444/a/b", true));
        assert!(!format!("{url:?}").contains("KEY"));
        for origin in [Origin::File, Origin::CommandLine] {
            for text in ["rtmps://a/a/b/", "rtmps://a:443/a/b/"] {
                let url = RtmpUrl::parse(text, origin).unwrap();
                assert_eq!((url.name().as_str(), url.has_key()), ("rtmps://a:443/a/b", false));
                assert_eq!(url.target(Some("KEY")).key, "KEY");
            }
            assert!(!RtmpUrl::parse("rtmp://a/live2", origin).unwrap().has_key());
        }
    }

    #[test]
    fn wrong_urls_are_refused_without_the_key() {
        for (text, expected) in [
            ("rtmp://a/live2/KEY", "--publish-file"),
            ("rtmp://a/live2/KEY?b=1", "--publish-file"),
            ("rtmp://a", "rtmp://HOST"),
            ("rtmp:///live2/", "rtmp://HOST"),
            ("rtmp://a/", "rtmp://HOST"),
            ("rtmp://a//KEY", "rtmp://HOST"),
            ("rtmp://a:0/b/", "rtmp://HOST"),
            ("rtmp://a:KEY/b/", "rtmp://HOST"),
            ("rtmp://[::1/b/", "rtmp://HOST"),
            ("rtmp://u:KEY@a/b/", "user"),
            ("rtmp://a/b c/", "spaces"),
            ("rtmp://a/b?KEY", "is missing"),
            ("rtmp://a/b/?KEY", "is missing"),
        ] {
            let error = RtmpUrl::parse(text, Origin::CommandLine).unwrap_err();
            assert!(error.contains(expected) && !error.replace("APP/KEY", "").contains("KEY"), "{text}: {error}");
        }
    }
}
