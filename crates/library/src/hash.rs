//! What a file holds, as a number.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};

/// Bytes read at once.
const BLOCK: usize = 1 << 20;

/// The BLAKE3 hash of a file's bytes; shown in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentHash(blake3::Hash);

impl ContentHash {
    /// Reads a file as a whole, wherever its cursor is, which is then at its end.
    ///
    /// # Errors
    /// The system's, when it cannot be read.
    pub fn of(mut file: &File) -> io::Result<Self> {
        file.rewind()?;
        Ok(Self(blake3::Hasher::new().update_reader(file)?.finalize()))
    }

    /// That of all that a reader gives; `None` when `go_on`, which is asked every few milliseconds, says so first.
    ///
    /// # Errors
    /// The reader's.
    pub(crate) fn of_reader(mut reader: impl Read, go_on: impl Fn() -> bool) -> io::Result<Option<Self>> {
        let (mut hasher, mut block) = (blake3::Hasher::new(), vec![0; BLOCK]);
        while go_on() {
            match reader.read(&mut block) {
                Ok(0) => return Ok(Some(Self(hasher.finalize()))),
                Ok(read) => {
                    hasher.update(&block[..read]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
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
