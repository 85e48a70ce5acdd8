//! The kinds of chunks, which differ between programs.

use crate::key::ChunkId;

/// The kind of the chunks in a store: how their files begin, and which of them are evicted last.
#[derive(Clone, Copy, Debug)]
pub struct ChunkKind {
    /// The first bytes of every file, which are different for each program.
    pub magic: [u8; 8],
    /// The version of the payloads. Chunks of other versions are removed and made again.
    pub version: u32,
    /// Which chunks are evicted last.
    pub pinning: Pinning,
}

/// Which chunks are pinned, which means that they are evicted last, and how much of the cap they may take.
#[derive(Clone, Copy, Debug)]
pub struct Pinning {
    /// Whether a chunk may be pinned.
    pub applies: fn(&ChunkId) -> bool,
    /// Pinned chunks may take the cap divided by this number; with 0 no chunk is pinned. When they take more, the least recently
    /// used ones lose their pin.
    pub share: u64,
}

impl Pinning {
    /// Pins first chunks, for which listeners wait, up to a quarter of the cap.
    pub const FIRST_CHUNKS: Self = Self { applies: |id| id.index == 0, share: 4 };

    /// The bytes that pinned chunks may take under a cap of `limit` bytes.
    pub(crate) fn capacity(&self, limit: u64) -> u64 {
        limit.checked_div(self.share).unwrap_or(0)
    }
}
