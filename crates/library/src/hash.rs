//! What a file holds, as a number.

use std::fmt;
use std::fs::File;
use std::io::{self, Seek};

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
        assert_eq!(ContentHash::of(&file).unwrap().to_string(), blake3::hash(&[7; 300_000]).to_hex().as_str());
    }
}
