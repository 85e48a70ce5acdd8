//! Reading the bytes of a chunk.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crowd_media::FileVersion;

/// The bytes of a chunk: all of them, or those that are written so far. They stay readable after the chunk is evicted, until the
/// last clone is dropped.
#[derive(Clone, Debug)]
pub struct ChunkBytes {
    file: Arc<File>,
    offset: u64,
    length: u64,
    /// The version of the file when its bytes were verified. There is none for a file that is still being written, or that no other
    /// process can open.
    version: Option<FileVersion>,
}

impl ChunkBytes {
    /// `length` bytes of `file` from `offset` on, which do not change any more.
    pub const fn new(file: Arc<File>, offset: u64, length: u64) -> Self {
        Self { file, offset, length, version: None }
    }

    /// The bytes of a complete chunk in a file that other processes may change. The file had this version when its bytes were
    /// verified.
    pub(crate) const fn verified(file: Arc<File>, offset: u64, length: u64, version: FileVersion) -> Self {
        Self { file, offset, length, version: Some(version) }
    }

    /// The number of bytes.
    pub const fn len(&self) -> u64 {
        self.length
    }

    /// Whether there are no bytes.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether the file still has the version that it had when its bytes were verified. If not, the chunk has to be requested from the
    /// store again, which verifies it. The version also changes when another process uses the chunk, and when the chunk is evicted.
    pub fn is_unchanged(&self) -> bool {
        self.version.is_none_or(|version| FileVersion::of(&self.file).is_ok_and(|now| now == version))
    }

    /// Reads bytes from `at` on and returns how many were read: fewer than `into` holds when the chunk ends there.
    ///
    /// # Errors
    /// The errors of the system; [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) when the file was truncated meanwhile, and
    /// [`InvalidData`](io::ErrorKind::InvalidData) when it was written to, because the bytes may then be wrong.
    pub fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(at);
        let length = usize::try_from(left).map_or(into.len(), |left| left.min(into.len()));
        let mut read = 0;
        while read < length {
            match self.file.read_at(&mut into[read..length], self.offset + at + read as u64) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(version) = self.version
            && !FileVersion::of(&self.file)?.has_bytes_of(&version)
        {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the file of the chunk was changed while it was read",
            ));
        }
        Ok(read)
    }
}
