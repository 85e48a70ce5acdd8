//! Paths as text.
//!
//! The name of a file consists of bytes, and not every name is valid text. In logs, pages and reports, bytes that are no text are
//! replaced by U+FFFD. Two names may then look the same, so a file that a program has to find again needs an id too.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

/// A path that is printed and serialised as text, with U+FFFD for bytes that are no text. This never fails. The path is opened and
/// compared by its bytes, so two paths that look the same stay different.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DisplayPath(PathBuf);

/// A path as text, with U+FFFD for bytes that are no text.
pub fn display_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl<P: Into<PathBuf>> From<P> for DisplayPath {
    fn from(path: P) -> Self {
        Self(path.into())
    }
}

impl Deref for DisplayPath {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for DisplayPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for DisplayPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl Serialize for DisplayPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `text` for a log line or a reply: control characters are escaped, and it has at most 80 characters.
#[must_use]
pub fn quote(text: &str) -> String {
    const MOST: usize = 80;
    let mut out = String::with_capacity(text.len().min(MOST));
    for (n, c) in text.chars().enumerate() {
        if n == MOST {
            out.push('…');
            break;
        }
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    fn path(bytes: &[u8]) -> &Path {
        Path::new(OsStr::from_bytes(bytes))
    }

    #[test]
    fn a_name_that_is_no_text_is_printed_and_keeps_its_bytes() {
        let (acute, grave) = (DisplayPath::from(path(b"caf\xe9.wav")), DisplayPath::from(path(b"caf\xe8.wav")));
        assert_eq!(serde_json::to_value(&acute).unwrap(), "caf\u{fffd}.wav");
        assert_eq!((acute.to_string(), display_text(&grave)), (grave.to_string(), "caf\u{fffd}.wav".to_owned()));
        assert_ne!(acute, grave);
        assert_eq!(acute.as_os_str().as_bytes(), b"caf\xe9.wav");
    }

    #[test]
    fn quoted_text_is_short_and_on_one_line() {
        assert_eq!(quote("a\nb\u{1b}[2J"), "a\\nb\\u{1b}[2J");
        assert_eq!(quote(&"x".repeat(8000)).chars().count(), 81);
    }
}
