//! The hash of a file's content.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};

/// The bytes that are read at a time.
const BLOCK: usize = 1 << 20;

/// The BLAKE3 hash of a file's bytes; it is printed in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentHash(blake3::Hash);

impl ContentHash {
    /// Hashes a whole file, from its start, wherever its cursor is. The cursor is at the end afterwards.
    ///
    /// # Errors
    /// The errors of the system, when the file cannot be read.
    pub fn of(mut file: &File) -> io::Result<Self> {
        file.rewind()?;
        let (hasher, _) = hash_all(file, || true)?;
        Ok(Self(hasher.finalize()))
    }

    /// Hashes all bytes of a reader. Returns `None` when `keep_going`, which is called every few milliseconds, returns `false`
    /// before the end.
    ///
    /// # Errors
    /// The errors of the reader.
    pub(crate) fn of_reader(reader: impl Read, keep_going: impl Fn() -> bool) -> io::Result<Option<Self>> {
        let (hasher, complete) = hash_all(reader, keep_going)?;
        Ok(complete.then(|| Self(hasher.finalize())))
    }

    /// The bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

/// Hashes the bytes of a reader, as long as `keep_going` returns `true`. Also returns whether the end was reached.
fn hash_all(mut reader: impl Read, keep_going: impl Fn() -> bool) -> io::Result<(blake3::Hasher, bool)> {
    let (mut hasher, mut block) = (blake3::Hasher::new(), vec![0; BLOCK]);
    while keep_going() {
        match reader.read(&mut block) {
            Ok(0) => return Ok((hasher, true)),
            Ok(read) => {
                hasher.update(&block[..read]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((hasher, false))
}

impl From<[u8; 32]> for ContentHash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn all_of_a_file_is_hashed_wherever_its_cursor_is() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; 300_000]).unwrap();
        let hash = ContentHash::of(&file).unwrap();
        assert_eq!(hash.to_string(), blake3::hash(&[7; 300_000]).to_hex().as_str());
        assert_eq!(ContentHash::of_reader(&[7; 300_000][..], || true).unwrap(), Some(hash));
        assert_eq!(ContentHash::of_reader(&[7; 300_000][..], || false).unwrap(), None);
        assert_eq!(ContentHash::from(*hash.as_bytes()), hash);
    }
}
