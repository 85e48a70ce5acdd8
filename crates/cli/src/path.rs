//! How a path is told: as text that can always be written.
//!
//! The name of a file is bytes, and not every name is text. What a person, a page or a log is to read is the text with U+FFFD
//! where there is none. Two names may be told alike, so what a program is to find again is told by an id beside it.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

/// A path that is told: it serialises and prints as text, with U+FFFD where its bytes are none, and never fails to. It opens
/// and compares as the path it is, so two names that are told alike stay two.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shown(PathBuf);

/// A path as text, with U+FFFD where its bytes are none.
pub fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl<P: Into<PathBuf>> From<P> for Shown {
    fn from(path: P) -> Self {
        Self(path.into())
    }
}

impl Deref for Shown {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for Shown {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `text` made fit for a log line or a reply: control characters escaped, at most 80 characters.
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
    fn a_name_that_is_no_text_is_told_and_stays_the_name_it_is() {
        let (acute, grave) = (Shown::from(path(b"caf\xe9.wav")), Shown::from(path(b"caf\xe8.wav")));
        assert_eq!(serde_json::to_value(&acute).unwrap(), "caf\u{fffd}.wav");
        assert_eq!((acute.to_string(), shown(&grave)), (grave.to_string(), "caf\u{fffd}.wav".to_owned()));
        assert_ne!(acute, grave);
        assert_eq!(acute.as_os_str().as_bytes(), b"caf\xe9.wav");
    }

    #[test]
    fn quoted_text_is_short_and_on_one_line() {
        assert_eq!(quote("a\nb\u{1b}[2J"), "a\\nb\\u{1b}[2J");
        assert_eq!(quote(&"x".repeat(8000)).chars().count(), 81);
    }
}
