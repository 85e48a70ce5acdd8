//! What the programs that keep chunks decide for themselves.

use crate::key::ChunkId;

/// What the chunks of a store are: how their files begin, and which of them are kept longest.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The first bytes of every file, which tell the chunks of one program from those of another.
    pub magic: [u8; 8],
    /// Raised when payloads are written in another way than before: chunks of other versions are removed and made again.
    pub version: u32,
    /// Which chunks are evicted last.
    pub pinning: Pinning,
}

/// Which chunks are evicted last, and how much of the cap they may hold for themselves.
#[derive(Clone, Copy, Debug)]
pub struct Pinning {
    /// Whether a chunk is one of them.
    pub applies: fn(&ChunkId) -> bool,
    /// What of the cap they may hold: one part in this many; 0 for nothing. Beyond it the least recently used of them are
    /// chunks like any other.
    pub share: u64,
}

impl Pinning {
    /// First chunks, which listeners wait for: up to a quarter of the cap.
    pub const FIRST_CHUNKS: Self = Self { applies: |id| id.index == 0, share: 4 };

    /// The bytes that pinned chunks may have under a cap of `limit` bytes.
    pub(crate) fn room(&self, limit: u64) -> u64 {
        limit.checked_div(self.share).unwrap_or(0)
    }
}
