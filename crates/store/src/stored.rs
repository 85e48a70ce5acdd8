//! The bytes of a chunk, to be read.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes of a chunk, all of them or those that are there so far. They stay readable when the chunk is evicted, until the last
/// clone is dropped.
#[derive(Clone, Debug)]
pub struct Stored {
    file: Arc<File>,
    offset: u64,
    length: u64,
}

impl Stored {
    /// `length` bytes of `file` from `offset` on, which will not change any more.
    pub const fn new(file: Arc<File>, offset: u64, length: u64) -> Self {
        Self { file, offset, length }
    }

    /// How many there are.
    pub const fn len(&self) -> u64 {
        self.length
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Reads from byte `at` on, and says how many were read: fewer than asked for when they end there.
    ///
    /// # Errors
    /// As the system gives them.
    pub fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(at);
        let wanted = usize::try_from(left).map_or(into.len(), |left| left.min(into.len()));
        let mut read = 0;
        while read < wanted {
            match self.file.read_at(&mut into[read..wanted], self.offset + at + read as u64) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }
}
