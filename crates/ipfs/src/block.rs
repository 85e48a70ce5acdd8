//! One block of a file.

use std::ops::Range;
use std::sync::Arc;

use cid::Cid;

/// One block of a file: a part of the file between bytes that the block has of its own. The part itself stays in the file, so that an
/// index of large files is small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub(crate) cid: Cid,
    pub(crate) head: Arc<[u8]>,
    pub(crate) range: Range<u64>,
    pub(crate) tail: Arc<[u8]>,
}

impl Block {
    /// The CID of the block.
    pub fn cid(&self) -> Cid {
        self.cid
    }

    /// The bytes of the block before the part of the file. A raw leaf has none; a node that links to other blocks has nothing else.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// The part of the file that is in the block, in bytes from the beginning of the file.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// The bytes of the block after the part of the file.
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }

    /// The length of the block in bytes.
    pub fn size(&self) -> u64 {
        (self.head.len() + self.tail.len()) as u64 + (self.range.end - self.range.start)
    }

    /// The bytes of the block, given those of the whole file; `None` if the file is too short.
    pub fn bytes(&self, file: &[u8]) -> Option<Vec<u8>> {
        let range = usize::try_from(self.range.start).ok()?..usize::try_from(self.range.end).ok()?;
        Some([&self.head, file.get(range)?, &self.tail].concat())
    }
}
