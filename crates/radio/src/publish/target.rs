//! Where a station publishes: the values of `--publish`, and the lines of `--publish-file`.

use super::hls_put_url::HlsPutUrl;
use super::icecast_url::IcecastUrl;
use super::rtmp_url::RtmpUrl;
use super::url_text::{Origin, shown};

/// Where a station publishes besides its own URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// As an IPFS gateway of its own.
    Ipfs,
    /// The endless stream, to an Icecast server.
    Icecast(IcecastUrl),
    /// The segments and playlists, by uploads.
    HlsPut(HlsPutUrl),
    /// The endless stream with video, to an RTMP server.
    Rtmp(RtmpUrl),
}

/// The forms of a target, for messages.
const FORMS: &str = "give ipfs, icecast://[USER@]HOST[:PORT]/MOUNT, hls-put+https://HOST/PATH/, hls-put+http://HOST/PATH/, rtmp://HOST/APP/ or \
     rtmps://HOST/APP/";

impl Target {
    /// Parses a target.
    ///
    /// # Errors
    /// A text with the value, without what may be secret in it, and with advice.
    pub fn parse(text: &str, origin: Origin) -> Result<Self, String> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        let target = match scheme.as_deref() {
            None if text == "ipfs" => Ok(Self::Ipfs),
            Some("icecast" | "icecasts") => IcecastUrl::parse(text, origin).map(Self::Icecast),
            Some("hls-put+http" | "hls-put+https") => HlsPutUrl::parse(text, origin).map(Self::HlsPut),
            Some("rtmp" | "rtmps") => RtmpUrl::parse(text, origin).map(Self::Rtmp),
            _ => Err(FORMS.to_owned()),
        };
        target.map_err(|problem| format!("\"{}\": {problem}", shown(text).escape_debug()))
    }

    /// Its name in the log and the status, without what may be secret.
    pub fn name(&self) -> String {
        match self {
            Self::Ipfs => "ipfs".to_owned(),
            Self::Icecast(url) => url.url.to_string(),
            Self::HlsPut(url) => url.name().to_owned(),
            Self::Rtmp(url) => url.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_is_named_without_secrets() {
        let error = |text: &str| Target::parse(text, Origin::File).unwrap_err();
        assert_eq!(error("ftp://a/b?c=1"), format!("\"ftp://a/b\": {FORMS}"));
        assert!(error("ipsf").starts_with("\"ipsf\": give ipfs, icecast://"));
        for text in [
            "hls-putt://u:SECRET@a/b?cid=SECRET",
            "hls-put+ftp://SECRET@a/?SECRET",
            "icecast://u:SEC/SECRET@a/",
            "u:SECRET@host",
            "hls-put+https://a/b?cid=SECRET",
            "icecasts://u:SECRET@a/b",
            "rtmpp://a/live2/SECRET",
            "RTMP//a/live2/SECRET",
            "rtmp://u:SECRET@a/live2/",
            "rtmp://a:b/live2/SECRET",
            "a.example/live2/SECRET",
        ] {
            for origin in [Origin::File, Origin::CommandLine] {
                let error = Target::parse(text, origin).unwrap_err();
                assert!(!error.contains("SEC"), "{error}");
            }
        }
    }

    #[test]
    fn names_have_no_secrets() {
        let name = |text: &str| Target::parse(text, Origin::File).unwrap().name();
        assert_eq!(name("ipfs"), "ipfs");
        assert_eq!(name("icecast://dj:SECRET@radio.example/live?format=opus"), "icecast://radio.example:8000/live");
        assert_eq!(name("hls-put+https://u:SECRET@a.example/x/?cid=SECRET"), "hls-put+https://a.example/x/");
        assert_eq!(name("rtmps://a.example/live2/SECRET"), "rtmps://a.example:443/live2");
    }
}
