//! What a directory says about an entry.

use cid::Cid;

/// What a directory says about an entry, which is a file or another directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The root of the entry.
    pub cid: Cid,
    /// The sum of the sizes of all its blocks, in bytes. A block that occurs twice counts twice.
    pub dag_size: u64,
}
