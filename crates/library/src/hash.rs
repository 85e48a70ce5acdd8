//! What a file holds, as a number.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes read at a time while hashing.
const PIECE: usize = 1 << 18;

/// The BLAKE3 hash of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentHash(blake3::Hash);

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Reads a file as a whole, wherever its cursor is.
pub fn hash(file: &File) -> io::Result<ContentHash> {
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    loop {
        let n = file.read_at(&mut piece, at)?;
        if n == 0 {
            return Ok(ContentHash(hasher.finalize()));
        }
        hasher.update(&piece[..n]);
        at += n as u64;
    }
}
