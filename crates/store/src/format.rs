//! The format of a chunk's file: a header of 88 bytes, then the payload.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | the [magic](crate::ChunkKind::magic) of the store |
//! | 4 | the [version](crate::ChunkKind::version) of the store; all numbers are little-endian |
//! | 4 | index of the chunk |
//! | 32 | key of the chunk |
//! | 8 | length of the payload |
//! | 32 | BLAKE3 of the payload, followed by the 56 bytes above |
//!
//! The checksum covers the name of the chunk too, so a file under the name of another chunk is detected.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use crate::chunk_kind::ChunkKind;
use crate::key::ChunkId;

/// The bytes of the header, before the payload.
pub const HEADER: u64 = 88;

/// The bytes of the header before the checksum.
const PREFIX: usize = 56;
/// The bytes that are read at a time when a payload is verified.
const BLOCK: usize = 1 << 18;

/// A header whose checksum is not complete yet.
#[derive(Clone)]
pub struct ChunkHeader {
    prefix: [u8; PREFIX],
    hasher: blake3::Hasher,
}

/// The position of the length in the header.
const LENGTH: Range<usize> = 48..PREFIX;

impl ChunkHeader {
    /// The header of a chunk, before its payload.
    pub fn new(kind: &ChunkKind, id: &ChunkId) -> Self {
        let mut prefix = [0; PREFIX];
        prefix[..8].copy_from_slice(&kind.magic);
        prefix[8..12].copy_from_slice(&kind.version.to_le_bytes());
        prefix[12..16].copy_from_slice(&id.index.to_le_bytes());
        prefix[16..48].copy_from_slice(&id.key.0);
        Self { prefix, hasher: blake3::Hasher::new() }
    }

    /// Adds the next bytes of the payload to the checksum.
    pub fn update(&mut self, payload: &[u8]) {
        self.hasher.update(payload);
    }

    /// The bytes of the header, after the whole payload was added.
    pub fn finish(mut self) -> [u8; HEADER as usize] {
        self.prefix[LENGTH].copy_from_slice(&self.hasher.count().to_le_bytes());
        self.hasher.update(&self.prefix);
        let mut bytes = [0; HEADER as usize];
        bytes[..PREFIX].copy_from_slice(&self.prefix);
        bytes[PREFIX..].copy_from_slice(self.hasher.finalize().as_bytes());
        bytes
    }
}

/// The fault of a chunk's file.
#[derive(Debug)]
pub enum Damage {
    /// It is not a chunk, a chunk of another version, or another chunk.
    OtherChunk,
    /// Its length is not the one in its header.
    Length,
    /// The checksum of its bytes is wrong.
    Checksum,
    /// It cannot be read.
    Unreadable(io::Error),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherChunk => f.write_str("it is not the chunk that it is named after"),
            Self::Length => f.write_str("its length is wrong"),
            Self::Checksum => f.write_str("its checksum is wrong"),
            Self::Unreadable(error) => write!(f, "it cannot be read: {error}"),
        }
    }
}

impl From<io::Error> for Damage {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Length,
            _ => Self::Unreadable(error),
        }
    }
}

/// Checks that `file` is the chunk `id`. If `whole` is true, also checks that every byte of it is right. Returns the length of the payload.
///
/// # Errors
/// [`Damage`].
pub fn check(file: &File, kind: &ChunkKind, id: &ChunkId, whole: bool) -> Result<u64, Damage> {
    let mut bytes = [0; HEADER as usize];
    file.read_exact_at(&mut bytes, 0)?;
    let length = u64::from_le_bytes(std::array::from_fn(|n| bytes[LENGTH.start + n]));
    let mut header = ChunkHeader::new(kind, id);
    if bytes[..LENGTH.start] != header.prefix[..LENGTH.start] {
        return Err(Damage::OtherChunk);
    }
    if HEADER.checked_add(length) != Some(file.metadata()?.len()) {
        return Err(Damage::Length);
    }
    if whole {
        let mut block = vec![0; BLOCK.min(usize::try_from(length).unwrap_or(BLOCK))];
        let mut at = 0;
        while at < length {
            let size = usize::try_from(length - at).map_or(block.len(), |left| left.min(block.len()));
            file.read_exact_at(&mut block[..size], HEADER + at)?;
            header.update(&block[..size]);
            at += size as u64;
        }
        if header.finish() != bytes {
            return Err(Damage::Checksum);
        }
    }
    Ok(length)
}

/// Checks that `bytes` are the whole file of the chunk `id`.
///
/// # Errors
/// [`Damage`].
pub fn check_bytes(bytes: &[u8], kind: &ChunkKind, id: &ChunkId) -> Result<(), Damage> {
    let (start, payload) = bytes.split_at_checked(HEADER as usize).ok_or(Damage::Length)?;
    let mut header = ChunkHeader::new(kind, id);
    if start[..LENGTH.start] != header.prefix[..LENGTH.start] {
        return Err(Damage::OtherChunk);
    }
    if start[LENGTH] != (payload.len() as u64).to_le_bytes() {
        return Err(Damage::Length);
    }
    header.update(payload);
    if *start == header.finish() { Ok(()) } else { Err(Damage::Checksum) }
}
