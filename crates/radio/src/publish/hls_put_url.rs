//! `hls-put+https://HOST/PATH/[?max_listed=N&delete=1&playlist=NAME&video=1]`.

use super::url_text::{Origin, parameters, shown};

/// The scheme before that of HTTP.
const PREFIX: &str = "hls-put+";
/// The numbers of segments that a playlist may be cut to. Players need at least three (RFC 8216, section 6.3.3).
const LISTED: std::ops::RangeInclusive<usize> = 3..=100;

/// The number of segments that playlists with video list without `max_listed`: as many as YouTube accepts.
const LISTED_WITH_VIDEO: usize = 5;

/// Where segments and playlists are uploaded. Debug output has no secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct HlsPutUrl {
    /// Scheme, host and path. There may be a password.
    base: String,
    /// The parameters that are sent with each request. They may be secret.
    query: String,
    name: String,
    /// The most segments that a playlist lists; `None` for as many as those of the station.
    pub max_listed: Option<usize>,
    /// Whether segments are deleted after they have left the playlists.
    pub delete: bool,
    /// The name of the only playlist that is published; `None` for all.
    pub playlist: Option<String>,
    /// Whether the segments have video.
    pub video: bool,
}

impl std::fmt::Debug for HlsPutUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HlsPutUrl").field("name", &self.name).finish_non_exhaustive()
    }
}

impl HlsPutUrl {
    /// Parses the URL. The parameters `max_listed`, `delete`, `playlist` and `video` are for the station, and others are sent with each request.
    ///
    /// # Errors
    /// A text with advice, without the URL.
    pub(super) fn parse(text: &str, origin: Origin) -> Result<Self, String> {
        if text.contains('#') {
            return Err("the URL must not contain #".to_owned());
        }
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let base = address.get(PREFIX.len()..).unwrap_or_default();
        let mut url = Self {
            base: base.to_owned(),
            query: String::new(),
            name: shown(text),
            max_listed: None,
            delete: false,
            playlist: None,
            video: false,
        };
        let mut sent = Vec::new();
        for (key, value) in parameters(query) {
            match (key, value) {
                ("max_listed", number) => {
                    let number = number.parse().ok().filter(|number| LISTED.contains(number));
                    url.max_listed = Some(number.ok_or("max_listed has to be a number from 3 to 100")?);
                }
                ("delete", "0" | "1") => url.delete = value == "1",
                ("delete", _) => return Err("delete has to be 0 or 1".to_owned()),
                ("video", "0" | "1") => url.video = value == "1",
                ("video", _) => return Err("video has to be 0 or 1".to_owned()),
                ("playlist", name) if name.ends_with(".m3u8") => url.playlist = Some(name.to_owned()),
                ("playlist", _) => return Err("playlist has to be the name of a playlist, like stream.m3u8".to_owned()),
                _ => sent.push(format!("{key}={value}")),
            }
        }
        url.query = sent.join("&");
        if url.video {
            url.max_listed = url.max_listed.or(Some(LISTED_WITH_VIDEO));
        }
        if base.split_once("://").is_none_or(|(_, rest)| rest.is_empty() || rest.starts_with('/')) {
            return Err("the host is missing: hls-put+https://HOST/PATH/".to_owned());
        }
        let parsed: ureq::http::Uri = base.parse().map_err(|_| "it is no valid URL: encode other characters with %")?;
        let login = parsed.authority().is_some_and(|authority| authority.as_str().contains('@'));
        if origin == Origin::CommandLine && (login || !url.query.is_empty()) {
            let secret = if login { "a user" } else { "parameters" };
            return Err(format!(
                "the URL contains {secret}, which may be secret, and every user of this machine can see it: write the whole URL into a \
                 file, and name the file with --publish-file"
            ));
        }
        if !base.ends_with('/') && !url.names_in_query() {
            return Err("the path has to end with /, or the parameters with file=".to_owned());
        }
        Ok(url)
    }

    /// Whether the names of files are the value of the last parameter, and not the end of the path.
    fn names_in_query(&self) -> bool {
        self.query == "file=" || self.query.ends_with("&file=")
    }

    /// The URL of a file. It may contain a secret.
    pub(super) fn of_file(&self, file: &str) -> String {
        let Self { base, query, .. } = self;
        match query.as_str() {
            "" => format!("{base}{file}"),
            _ if self.names_in_query() => format!("{base}?{query}{file}"),
            _ => format!("{base}{file}?{query}"),
        }
    }

    /// The URL without what may be secret.
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_is_in_the_path_or_in_the_parameters() {
        let file = |text: &str| HlsPutUrl::parse(text, Origin::File).unwrap().of_file("segments/a.ts");
        assert_eq!(file("hls-put+https://cdn.example/live/"), "https://cdn.example/live/segments/a.ts");
        assert_eq!(file("hls-put+http://a/b/?token=x&delete=1"), "http://a/b/segments/a.ts?token=x");
        let youtube = "hls-put+https://a.example/http_upload_hls?cid=KEY&max_listed=5&copy=0&file=";
        assert_eq!(file(youtube), "https://a.example/http_upload_hls?cid=KEY&copy=0&file=segments/a.ts");
        let url = HlsPutUrl::parse(youtube, Origin::File).unwrap();
        assert_eq!(
            (url.max_listed, url.delete, url.name()),
            (Some(5), false, "hls-put+https://a.example/http_upload_hls")
        );
        assert!(!format!("{url:?}").contains("KEY"));
        let url = HlsPutUrl::parse("hls-put+https://a/b/?video=1", Origin::CommandLine).unwrap();
        assert_eq!((url.video, url.max_listed), (true, Some(5)));
    }

    #[test]
    fn wrong_urls_and_secrets_on_the_command_line_are_refused() {
        for (text, expected) in [
            ("hls-put+https://a/b", "end with /"),
            ("hls-put+https:///b/", "host"),
            ("hls-put+https://a/ b/", "no valid URL"),
            ("hls-put+https://a/b/?max_listed=2", "3 to 100"),
            ("hls-put+https://a/b/?delete=yes", "0 or 1"),
            ("hls-put+https://a/b/?video=yes", "0 or 1"),
            ("hls-put+https://a/b/?playlist=x", "stream.m3u8"),
            ("hls-put+https://a/b/?cid=KEY", "--publish-file"),
            ("hls-put+https://u:KEY@a/b/", "--publish-file"),
            ("hls-put+https://a/b/#x", "#"),
        ] {
            let error = HlsPutUrl::parse(text, Origin::CommandLine).unwrap_err();
            assert!(error.contains(expected) && !error.contains("KEY"), "{text}: {error}");
        }
        assert!(HlsPutUrl::parse("hls-put+https://a/b/?max_listed=5&delete=1", Origin::CommandLine).is_ok());
    }
}
