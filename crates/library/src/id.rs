//! The ids of tracks in URLs.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::Serialize;

use crate::error::Error;

/// The id of a track: a hash of its path inside the library. It stays the same as long as the file has the same path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId([u8; 8]);

impl TrackId {
    pub(crate) fn of(path: &Path) -> Self {
        let hash = blake3::hash(path.as_os_str().as_encoded_bytes());
        Self(std::array::from_fn(|n| hash.as_bytes()[n]))
    }
}

impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for TrackId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for TrackId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let no_track = || Error::NoTrack { id: text.escape_debug().to_string() };
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(no_track());
        }
        let number = u64::from_str_radix(text, 16).map_err(|_| no_track())?;
        Ok(Self(number.to_be_bytes()))
    }
}
