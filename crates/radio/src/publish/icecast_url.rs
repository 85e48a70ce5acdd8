//! `icecast://[USER@]HOST[:PORT]/MOUNT[?format=aac|opus]`.

use crowd_streaming::icecast::source::{Password, SourceUrl};

use super::url_text::{Origin, parameters};

/// The stream that an Icecast server receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamFormat {
    /// AAC frames with ADTS headers.
    Aac,
    /// Pages of Opus in Ogg.
    Opus,
}

/// A mount of an Icecast server, and what it receives. Debug output has no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IcecastUrl {
    /// The mount.
    pub url: SourceUrl,
    /// The password that was in the URL. Only a URL of a file may have one.
    pub password: Option<Password>,
    /// What is sent.
    pub format: StreamFormat,
}

impl IcecastUrl {
    /// Parses the URL.
    ///
    /// # Errors
    /// A text with advice, without the URL.
    pub(super) fn parse(text: &str, origin: Origin) -> Result<Self, String> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let mut format = StreamFormat::Aac;
        for (key, value) in parameters(query) {
            format = match (key, value) {
                ("format", "aac") => StreamFormat::Aac,
                ("format", "opus") => StreamFormat::Opus,
                ("format", _) => return Err("its format has to be aac or opus".to_owned()),
                _ => return Err("the only parameter of such a URL is format=aac or format=opus".to_owned()),
            };
        }
        let (address, password) = match origin {
            Origin::CommandLine => (address.to_owned(), None),
            Origin::File => without_password(address)?,
        };
        let url = address.parse().map_err(|error| {
            let advice = "--publish-password-file, CROWD_RADIO_PUBLISH_PASSWORD, or the URL in --publish-file";
            match error {
                crowd_streaming::icecast::source::SourceUrlError::Password => format!("{error} ({advice})"),
                _ => error.to_string(),
            }
        })?;
        Ok(Self { url, password, format })
    }
}

/// The URL without its password, and the password.
fn without_password(address: &str) -> Result<(String, Option<Password>), String> {
    let parts = address.split_once("://").and_then(|(scheme, rest)| {
        let (login, host) = rest.rsplit_once('@')?;
        let (user, password) = login.split_once(':')?;
        Some((format!("{scheme}://{user}@{host}"), password))
    });
    let Some((url, password)) = parts else { return Ok((address.to_owned(), None)) };
    let wrong = "the password of the URL has to be UTF-8, with % encoding of / and @";
    let password = percent_encoding::percent_decode_str(password).decode_utf8().map_err(|_| wrong)?;
    Ok((url, Some(Password::new(password))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_only_in_files() {
        let parse = |text: &str| IcecastUrl::parse(text, Origin::File).unwrap();
        let url = parse("icecast://dj:h%40ck@radio.example/live?format=opus");
        assert_eq!((url.url.user.as_str(), &url.password), ("dj", &Some(Password::new("h@ck"))));
        assert_eq!(url.format, StreamFormat::Opus);
        let url = parse("icecast://radio.example:8010/live");
        assert_eq!((url.url.user.as_str(), url.password, url.format), ("source", None, StreamFormat::Aac));
        let error = IcecastUrl::parse("icecast://dj:hack@a/b", Origin::CommandLine).unwrap_err();
        assert!(error.contains("--publish-password-file") && !error.contains("hack"), "{error}");
        for (text, expected) in [("icecast://a/b?format=mp3", "aac or opus"), ("icecast://a/b?x=1", "only parameter")] {
            assert!(IcecastUrl::parse(text, Origin::File).unwrap_err().contains(expected));
        }
    }
}
