//! The location of a track, as Rekordbox writes it.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str};

/// The ASCII characters that are escaped. Rekordbox writes the others as they are.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/')
    .remove(b'(')
    .remove(b')')
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'?')
    .remove(b'@')
    .remove(b'^');

/// The `Location` of a track. It looks like a URL, but a URL parser would end the path at `#` and `?`.
///
/// ```
/// use section_export::rekordbox::Location;
///
/// let location = Location::new("file://localhost/C:/Music/100%25%20Pure%20#2%20+%20Dub.wav");
/// assert_eq!(location.text().as_deref(), Some("C:/Music/100% Pure #2 + Dub.wav"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    raw: String,
}

/// A decoded location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodedLocation {
    /// A file: the decoded bytes of its path, which need not be UTF-8.
    File(Vec<u8>),
    /// A track of a streaming service, as it is written ("tidal:tracks:145320494"). It has no audio file.
    Streaming(String),
}

impl Location {
    /// The location as written in the attribute, with the escapes of XML decoded.
    pub fn new(raw: impl Into<String>) -> Self {
        Self { raw: raw.into() }
    }

    /// The location of a file, written as Rekordbox writes it: in UTF-8, with escapes in lower-case hexadecimal. Most ASCII
    /// characters, among them `# + ; * $ @`, are not escaped. A slash is put before a drive letter.
    pub fn of_path(path: &str) -> Self {
        Self::of_bytes(path.as_bytes())
    }

    /// Like [`of_path`](Self::of_path), for a path of this machine, which need not be UTF-8.
    pub fn of_file(path: &Path) -> Self {
        #[cfg(unix)]
        let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str());
        #[cfg(not(unix))]
        let text = path.to_string_lossy().replace('\\', "/");
        #[cfg(not(unix))]
        let bytes = text.as_bytes();
        Self::of_bytes(bytes)
    }

    fn of_bytes(path: &[u8]) -> Self {
        let slash = if path.starts_with(b"/") { "" } else { "/" };
        let mut raw = format!("file://localhost{slash}");
        for escaped in percent_encoding::percent_encode(path, ESCAPED) {
            // The crate writes escapes in upper case, and Rekordbox writes them in lower case.
            if escaped.len() == 3 && escaped.starts_with('%') {
                raw.push_str(&escaped.to_lowercase())
            } else {
                raw.push_str(escaped)
            }
        }
        Self { raw }
    }

    /// The location as written in the attribute.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Decodes the location. Only escapes are decoded, and only once: `+` stays a plus sign.
    pub fn decode(&self) -> DecodedLocation {
        let raw = self.raw.trim();
        let Some(rest) = strip_scheme(raw) else {
            // A location without "file:" is a bare path, or "service:tracks:id".
            return if is_streaming(raw) { DecodedLocation::Streaming(raw.into()) } else { file(raw) };
        };
        let (host, path) = match rest.strip_prefix("//") {
            None => ("", rest),
            // Locations of streaming services follow the host directly: "file://localhosttidal:tracks:1".
            Some(rest) => match strip_host(rest) {
                Some(path) => ("", path),
                None => rest.split_at(rest.find('/').unwrap_or(0)),
            },
        };
        if is_streaming(path.trim_start_matches('/')) {
            return DecodedLocation::Streaming(path.trim_start_matches('/').into());
        }
        if host.is_empty() { file(path) } else { file(&format!("//{host}{path}")) }
    }

    /// The path as text, with U+FFFD where its bytes are not UTF-8; `None` for a streaming service.
    pub fn text(&self) -> Option<String> {
        match self.decode() {
            DecodedLocation::File(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            DecodedLocation::Streaming(_) => None,
        }
    }

    /// The path for the file system of this machine; `None` for a streaming service.
    pub fn path(&self) -> Option<PathBuf> {
        match self.decode() {
            DecodedLocation::File(bytes) => Some(to_path(bytes)),
            DecodedLocation::Streaming(_) => None,
        }
    }

    /// The path as text, decoded twice, for a location that was escaped twice ("%26amp;", "%2520"). `None` when the second
    /// decoding changes nothing.
    ///
    /// Some programs write such locations. A file name may also really contain "&amp;", so try [`text`](Self::text) first.
    pub fn text_decoded_twice(&self) -> Option<String> {
        let once = self.text()?;
        let entities = quick_xml::escape::unescape(&once).unwrap_or(Cow::Borrowed(&once));
        let twice = percent_decode_str(&entities).decode_utf8().ok()?;
        (twice != once).then(|| twice.into_owned())
    }
}

fn strip_scheme(raw: &str) -> Option<&str> {
    raw.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("file:")).and_then(|_| raw.get(5..))
}

fn strip_host(rest: &str) -> Option<&str> {
    rest.get(..9).filter(|host| host.eq_ignore_ascii_case("localhost")).and_then(|_| rest.get(9..))
}

/// Whether a text is "service:kind:id": two colons, the first one after more than a drive letter, and no slash.
fn is_streaming(text: &str) -> bool {
    let mut fields = text.splitn(3, ':');
    let service = fields.next().unwrap_or_default();
    let id = fields.nth(1).unwrap_or_default();
    service.len() > 1
        && service.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !id.is_empty()
        && !text.contains('/')
}

fn file(path: &str) -> DecodedLocation {
    let bytes: Vec<u8> = percent_decode_str(path).collect();
    let drive = matches!(bytes.as_slice(), [b'/', letter, b':', ..] if letter.is_ascii_alphabetic());
    DecodedLocation::File(if drive { bytes.get(1..).unwrap_or_default().to_vec() } else { bytes })
}

#[cfg(unix)]
fn to_path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn to_path(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    #[cfg(unix)]
    use std::os::unix::ffi::OsStrExt as _;

    #[test]
    fn every_location_decodes_to_the_right_bytes() {
        for (raw, path) in [
            ("file://localhost/Users/dj/a.wav", "/Users/dj/a.wav"),
            ("file://localhost/C:/Users/dj/Fen%c3%aatre.wav", "C:/Users/dj/Fenêtre.wav"),
            ("file://localhost/C%3A/a.wav", "C:/a.wav"),
            ("file:///C:/a.wav", "C:/a.wav"),
            ("file://localhost/Volumes/D:/a.wav", "/Volumes/D:/a.wav"),
            ("file:///home/dj/a%20b.wav", "/home/dj/a b.wav"),
            ("FILE://LOCALHOST/a.wav", "/a.wav"),
            ("file:/home/a.wav", "/home/a.wav"),
            ("file://nas/music/a.wav", "//nas/music/a.wav"),
            ("file://localhost//nas/music/a.wav", "//nas/music/a.wav"),
            ("/home/dj/a%20b.wav", "/home/dj/a b.wav"),
            ("C:/Music/a.wav", "C:/Music/a.wav"),
            ("file://localhost/100%25%20Pure%20#2%20+%20Dub%20%5bv1.5%5d.wav", "/100% Pure #2 + Dub [v1.5].wav"),
            ("file://localhost/a+b;c*d$e@f?g=h,i:j!k^l~m.wav", "/a+b;c*d$e@f?g=h,i:j!k^l~m.wav"),
            ("file://localhost/%22%26%27%60%7b%7d%7c%3c%3e%5c.wav", "/\"&'`{}|<>\\.wav"),
            ("file://localhost/AT%26amp;T.wav", "/AT&amp;T.wav"),
            ("file://localhost/a%2520b.wav", "/a%20b.wav"),
            ("file://localhost/50%.wav", "/50%.wav"),
            ("file://localhost/50%zz%4.wav", "/50%zz%4.wav"),
            ("file://localhost/E%CC%81lan.wav", "/E\u{301}lan.wav"),
            ("file://localhost/%e5%a4%9c%F0%9f%9a%80.wav", "/夜🚀.wav"),
            ("file://localhost/夜.wav", "/夜.wav"),
            ("  file://localhost/a.wav ", "/a.wav"),
            ("", ""),
        ] {
            assert_eq!(Location::new(raw).decode(), DecodedLocation::File(path.as_bytes().to_vec()), "{raw}");
        }
        let odd = Location::new("file://localhost/%ff%00.wav");
        assert_eq!(odd.decode(), DecodedLocation::File(b"/\xff\0.wav".to_vec()));
        assert_eq!(odd.text().unwrap(), "/\u{fffd}\0.wav");
    }

    #[test]
    fn a_streaming_location_is_no_file() {
        for raw in [
            "file://localhosttidal:tracks:145320494",
            "file://localhost/tidal:tracks:145320494",
            "soundcloud:tracks:3",
            "file://localhost/beatport:tracks:1",
            "spotify:track:x%20y",
        ] {
            assert!(matches!(Location::new(raw).decode(), DecodedLocation::Streaming(_)), "{raw}");
            assert_eq!(Location::new(raw).path(), None);
        }
    }

    #[test]
    fn a_location_that_was_escaped_twice_can_be_decoded_again() {
        let twice = |raw: &str| Location::new(raw).text_decoded_twice();
        assert_eq!(twice("file://localhost/AT%26amp;T.wav").as_deref(), Some("/AT&T.wav"));
        assert_eq!(twice("file://localhost/a%2520b.wav").as_deref(), Some("/a b.wav"));
        assert_eq!(twice("file://localhost/a%20b.wav"), None);
        assert_eq!(twice("file://localhost/R&B%20&nbsp;.wav"), None, "text that is no entity stays");
    }

    #[test]
    fn a_path_is_written_as_rekordbox_writes_it() {
        for (path, raw) in [
            ("/a b/ü%[#+;*$@'\"&].wav", "file://localhost/a%20b/%c3%bc%25%5b#+;*$@%27%22%26%5d.wav"),
            ("C:/Music/A.wav", "file://localhost/C:/Music/A.wav"),
        ] {
            assert_eq!(Location::of_path(path).raw(), raw);
            assert_eq!(Location::of_file(Path::new(path)).raw(), raw);
        }
        #[cfg(unix)]
        {
            let path: &Path = Path::new(std::ffi::OsStr::from_bytes(b"/\xff\x01.wav"));
            assert_eq!(Location::of_file(path).raw(), "file://localhost/%ff%01.wav");
            assert_eq!(Location::of_file(path).path().as_deref(), Some(path));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_not_utf_8_is_written_byte_by_byte() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/m/caf\xe9.wav"));
        let location = Location::of_file(path);
        assert_eq!((location.raw(), location.path().as_deref()), ("file://localhost/m/caf%e9.wav", Some(path)));
    }

    proptest! {
        #[test]
        fn a_path_written_decodes_to_itself(path in "/[^/:]{1,3}(/\\PC{0,8}){0,3}") {
            let decoded = Location::of_path(&path).decode();
            prop_assert!(matches!(decoded, DecodedLocation::File(_)));
            if let DecodedLocation::File(bytes) = decoded {
                prop_assert_eq!(String::from_utf8(bytes).unwrap(), path);
            }
        }

        #[test]
        fn any_text_is_a_place(raw in "\\PC*") {
            let location = Location::new(raw);
            let _ = (location.decode(), location.path(), location.text_decoded_twice());
        }
    }
}
