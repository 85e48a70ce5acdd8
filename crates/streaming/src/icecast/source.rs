//! The messages of a source: the client that sends sound to a mount of an Icecast server. They are bytes; the sockets are the caller's.
//!
//! A source connects to the server and sends [`SourceRequest::head`]. When the server has replied with [`Reply::Continue`] or
//! [`Reply::Accepted`], the source sends the bytes of its stream, without a length, until it closes the connection. A server may refuse
//! the source after [`Reply::Continue`] too. Titles are sent by other connections ([`SourceRequest::title_update`]).

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use super::source_reply::{Reply, ReplyError};
pub use super::source_url::{SourceUrl, SourceUrlError};

/// The characters of a query that are written as percent signs and numbers: all but letters, digits and `-._~` (RFC 3986, section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The longest artist, title or name that is sent, in bytes. Servers close the connection when a request has some thousand bytes.
const LONGEST_TEXT: usize = 250;

/// A password. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The password `text`. It may be any text, also an empty one.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, which must not be shown.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// What plays, for [`SourceRequest::title_update`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Title {
    /// The artist, or an empty text.
    pub artist: String,
    /// The title of the piece.
    pub title: String,
}

/// A source and its stream, as the requests to the server describe them. Control characters in texts are sent as spaces, and texts are
/// cut to 250 bytes.
#[derive(Clone, Debug)]
pub struct SourceRequest {
    /// The server and the mount.
    pub url: SourceUrl,
    /// The password of the source.
    pub password: Password,
    /// The name and version of the program.
    pub user_agent: String,
    /// The media type of the stream, such as `audio/ogg`.
    pub content_type: String,
    /// The name of the station.
    pub name: String,
    /// Whether the server may list the station in public directories.
    pub public: bool,
    /// The bit rate of the stream, in bit/s.
    pub bit_rate: u32,
    /// The sample rate of the stream, in Hz.
    pub sample_rate: u32,
    /// The number of channels of the stream.
    pub channels: u8,
}

impl Title {
    /// The title of a name, which may be `Artist - Title`.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let (artist, title) = name.split_once(" - ").unwrap_or(("", name));
        Self { artist: artist.trim().to_owned(), title: title.trim().to_owned() }
    }
}

impl SourceRequest {
    /// The head of the request with which the stream begins. It asks the server to reply before the stream is sent.
    ///
    /// ```
    /// use crowd_streaming::icecast::source::{Password, SourceRequest};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let request = SourceRequest {
    ///     url: "icecast://radio.example/dance.ogg".parse()?,
    ///     password: Password::new("hackme"),
    ///     user_agent: "example/1.0".to_owned(),
    ///     content_type: "audio/ogg".to_owned(),
    ///     name: "The dance floor".to_owned(),
    ///     public: false,
    ///     bit_rate: 192_000,
    ///     sample_rate: 48_000,
    ///     channels: 2,
    /// };
    /// assert!(request.head().starts_with("PUT /dance.ogg HTTP/1.1\r\nHost: radio.example:8000\r\n"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn head(&self) -> String {
        let mut head = format!("PUT {} HTTP/1.1\r\n", self.url.mount);
        self.write_common_fields(&mut head);
        let Self { bit_rate, sample_rate, channels, .. } = self;
        let kilobits = bit_rate / 1_000;
        let audio_info = format!("channels={channels};samplerate={sample_rate};bitrate={kilobits}");
        for (field, value) in [
            ("Content-Type", self.content_type.as_str()),
            ("Expect", "100-continue"),
            ("Ice-Name", &self.name),
            ("Ice-Public", if self.public { "1" } else { "0" }),
            ("Ice-Bitrate", &kilobits.to_string()),
            ("Ice-Audio-Info", &audio_info),
        ] {
            write_field(&mut head, field, value);
        }
        head.push_str("\r\n");
        head
    }

    /// A whole request that tells the server what plays. The server replies and closes the connection. Some servers refuse it for
    /// streams of Ogg. Artist, title and both joined are sent together, because servers keep those that are left out.
    #[must_use]
    pub fn title_update(&self, playing: &Title) -> String {
        let [artist, title] = [&playing.artist, &playing.title].map(|text| clean(text));
        let song = if artist.is_empty() { title.clone() } else { format!("{artist} - {title}") };
        let mut head = "GET /admin/metadata?mode=updinfo".to_owned();
        for (key, value) in [("mount", &self.url.mount), ("song", &song), ("artist", &artist), ("title", &title)] {
            // Writing to a `String` does not fail.
            let _written = write!(head, "&{key}={}", utf8_percent_encode(value, ENCODED));
        }
        head.push_str("&charset=UTF-8 HTTP/1.0\r\n");
        self.write_common_fields(&mut head);
        head.push_str("\r\n");
        head
    }

    fn write_common_fields(&self, head: &mut String) {
        let login = BASE64_STANDARD.encode(format!("{}:{}", self.url.user, self.password.0));
        write_field(head, "Host", &self.url.address());
        write_field(head, "Authorization", &format!("Basic {login}"));
        write_field(head, "User-Agent", &self.user_agent);
    }
}

fn write_field(head: &mut String, field: &str, value: &str) {
    // The login may be longer than other texts, and has no control characters.
    let value = if field == "Authorization" { value.to_owned() } else { clean(value) };
    let _written = write!(head, "{field}: {value}\r\n");
}

/// The text without control characters and without what is too long.
fn clean(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim();
    let end = (0..=LONGEST_TEXT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> SourceRequest {
        SourceRequest {
            url: "icecast://dj@radio.example:8010/dance.ogg".parse().unwrap(),
            password: Password::new("hackmé:1"),
            user_agent: "example/1.0".into(),
            content_type: "audio/ogg".into(),
            name: "Tanz\r\nX-Evil: 1 \u{1F483}".into(),
            public: false,
            bit_rate: 192_000,
            sample_rate: 48_000,
            channels: 2,
        }
    }

    #[test]
    fn the_head_has_the_fields_that_servers_need_and_no_others() {
        let expected = "PUT /dance.ogg HTTP/1.1\r\nHost: radio.example:8010\r\n\
            Authorization: Basic ZGo6aGFja23DqTox\r\nUser-Agent: example/1.0\r\nContent-Type: audio/ogg\r\n\
            Expect: 100-continue\r\nIce-Name: Tanz  X-Evil: 1 \u{1F483}\r\nIce-Public: 0\r\nIce-Bitrate: 192\r\n\
            Ice-Audio-Info: channels=2;samplerate=48000;bitrate=192\r\n\r\n";
        assert_eq!(request().head(), expected);
    }

    #[test]
    fn a_title_is_sent_whole_and_encoded() {
        let title = Title { artist: "Sigur Rós".into(), title: "A & B = 50 %\n—'; x".into() };
        let expected = "GET /admin/metadata?mode=updinfo&mount=%2Fdance.ogg\
            &song=Sigur%20R%C3%B3s%20-%20A%20%26%20B%20%3D%2050%20%25%20%E2%80%94%27%3B%20x&artist=Sigur%20R%C3%B3s\
            &title=A%20%26%20B%20%3D%2050%20%25%20%E2%80%94%27%3B%20x&charset=UTF-8 HTTP/1.0\r\n\
            Host: radio.example:8010\r\nAuthorization: Basic ZGo6aGFja23DqTox\r\nUser-Agent: example/1.0\r\n\r\n";
        assert_eq!(request().title_update(&title), expected);
        let only_title = request().title_update(&Title { title: "x".into(), ..Title::default() });
        assert!(only_title.contains("&song=x&artist=&title=x&"), "an artist of before is removed: {only_title}");
    }

    #[test]
    fn long_texts_are_cut_at_a_character_so_that_servers_accept_the_request() {
        let long = "語".repeat(5_000);
        let update = request().title_update(&Title { artist: long.clone(), title: long.clone() });
        assert!(update.len() < 4_000, "{} bytes", update.len());
        assert!(update.contains(&format!("&artist={}&", "%E8%AA%9E".repeat(83))), "{update}");
        assert!(SourceRequest { name: long, ..request() }.head().len() < 1_000);
    }

    #[test]
    fn a_name_may_have_an_artist() {
        let title = |artist: &str, title: &str| Title { artist: artist.into(), title: title.into() };
        assert_eq!(Title::of_name("Sigur Rós - Hoppípolla - live"), title("Sigur Rós", "Hoppípolla - live"));
        assert_eq!(Title::of_name("lofi hip-hop"), title("", "lofi hip-hop"));
    }

    #[test]
    fn the_password_is_not_printed() {
        let text = format!("{:?}", request());
        assert!(!text.contains("hackm") && text.contains("password: Password"), "{text}");
    }
}
