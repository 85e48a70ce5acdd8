//! The bytes of a chunk, to be read.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crowd_media::FileVersion;

/// Bytes of a chunk, all of them or those that are there so far. They stay readable when the chunk is evicted, until the last
/// clone is dropped.
#[derive(Clone, Debug)]
pub struct Stored {
    file: Arc<File>,
    offset: u64,
    length: u64,
    /// What the file was when these were found right; none of a file that nobody else has or that is still written.
    version: Option<FileVersion>,
}

impl Stored {
    /// `length` bytes of `file` from `offset` on, which will not change any more.
    pub const fn new(file: Arc<File>, offset: u64, length: u64) -> Self {
        Self { file, offset, length, version: None }
    }

    /// Those of a complete chunk in a file that others may change, which had this version when they were right.
    pub(crate) const fn kept(file: Arc<File>, offset: u64, length: u64, version: FileVersion) -> Self {
        Self { file, offset, length, version: Some(version) }
    }

    /// How many there are.
    pub const fn len(&self) -> u64 {
        self.length
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether nothing was done to the file since its bytes were found right. Where something was, if only that it was used or
    /// evicted, ask the store again: it checks them.
    pub fn is_untouched(&self) -> bool {
        self.version.is_none_or(|version| FileVersion::of(&self.file).is_ok_and(|now| now == version))
    }

    /// Reads from byte `at` on, and says how many were read: fewer than asked for when they end there.
    ///
    /// # Errors
    /// As the system gives them; [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) when the file was cut off meanwhile, and
    /// [`InvalidData`](io::ErrorKind::InvalidData) when it was written to: what was read then is not what it was.
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
