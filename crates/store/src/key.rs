//! The names of chunks and records.

use std::fmt;
use std::str::FromStr;

/// A hash of everything that determines the bytes of the chunks, or the value of the record, with this key. The same key always
/// means the same bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreKey(pub [u8; 32]);

impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for StoreKey {
    type Err = String;

    /// Parses 64 lowercase hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, String> {
        let key = blake3::Hash::from_hex(text).map(|hash| Self(hash.into()));
        // Uppercase digits are refused, because a key has one name only.
        key.ok()
            .filter(|key| key.to_string() == text)
            .ok_or_else(|| format!("key \"{}\": give 64 small hexadecimal digits", text.escape_debug()))
    }
}

/// The name of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChunkId {
    /// The key, which all chunks of one file have in common.
    pub key: StoreKey,
    /// The number of the chunk, from 0.
    pub index: u32,
}

impl ChunkId {
    /// The parts of its path in a directory or bucket: two digits of the key, the key, the index.
    pub(crate) fn path_components(&self) -> [String; 3] {
        let key = self.key.to_string();
        [key[..2].to_owned(), key, self.index.to_string()]
    }
}
