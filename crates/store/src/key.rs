//! What chunks are called.

use std::fmt;
use std::str::FromStr;

/// Names what chunks belong to: a hash of everything that decides about their bytes, so that the same key always means the
/// same bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub [u8; 32]);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Key {
    type Err = String;

    /// From 64 small hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, String> {
        let key = blake3::Hash::from_hex(text).map(|hash| Self(hash.into()));
        // One key has one name.
        key.ok()
            .filter(|key| key.to_string() == text)
            .ok_or_else(|| format!("key \"{}\": give 64 small hexadecimal digits", text.escape_debug()))
    }
}

/// One chunk of what a key names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChunkId {
    /// What it is a chunk of.
    pub key: Key,
    /// Which chunk, from 0.
    pub index: u32,
}

impl ChunkId {
    /// Where it lies in a directory or bucket: two digits of the key, the key, the index.
    pub(crate) fn place(&self) -> [String; 3] {
        let key = self.key.to_string();
        [key[..2].to_owned(), key, self.index.to_string()]
    }
}
