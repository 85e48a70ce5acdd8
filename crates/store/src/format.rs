//! The file of a chunk: a header of 88 bytes, then the payload.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | the [magic](crate::Kind::magic) of the store |
//! | 4 | its [version](crate::Kind::version), little-endian like all that follows |
//! | 4 | index of the chunk |
//! | 32 | key of the chunk |
//! | 8 | length of the payload |
//! | 32 | BLAKE3 of the payload and the 56 bytes before |
//!
//! The checksum covers the name of the chunk too, so a file under the name of another chunk is detected.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use crate::key::ChunkId;
use crate::kind::Kind;

/// Bytes before the payload.
pub const HEADER: u64 = 88;

/// Bytes of the header that come before the checksum.
const PREFIX: usize = 56;
/// Bytes read at once when a payload is checked.
const BLOCK: usize = 1 << 18;

/// A header whose checksum is not known yet.
#[derive(Clone)]
pub struct Header {
    prefix: [u8; PREFIX],
    hasher: blake3::Hasher,
}

/// Where in it the length stands.
const LENGTH: Range<usize> = 48..PREFIX;

impl Header {
    /// For a payload that is still to come.
    pub fn new(kind: &Kind, id: &ChunkId) -> Self {
        let mut prefix = [0; PREFIX];
        prefix[..8].copy_from_slice(&kind.magic);
        prefix[8..12].copy_from_slice(&kind.version.to_le_bytes());
        prefix[12..16].copy_from_slice(&id.index.to_le_bytes());
        prefix[16..48].copy_from_slice(&id.key.0);
        Self { prefix, hasher: blake3::Hasher::new() }
    }

    /// Takes the next bytes of the payload into the checksum.
    pub fn update(&mut self, payload: &[u8]) {
        self.hasher.update(payload);
    }

    /// The bytes of the header, when the whole payload has been seen.
    pub fn finish(mut self) -> [u8; HEADER as usize] {
        self.prefix[LENGTH].copy_from_slice(&self.hasher.count().to_le_bytes());
        self.hasher.update(&self.prefix);
        let mut bytes = [0; HEADER as usize];
        bytes[..PREFIX].copy_from_slice(&self.prefix);
        bytes[PREFIX..].copy_from_slice(self.hasher.finalize().as_bytes());
        bytes
    }
}

/// What is wrong with a file.
#[derive(Debug)]
pub enum Damage {
    /// It is no chunk, one of another version, or another one.
    Other,
    /// It has not the length its header says.
    Length,
    /// Its bytes are not those that were written.
    Checksum,
    /// The disk does not give its bytes.
    Unreadable(io::Error),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other => f.write_str("it is not the chunk its name says"),
            Self::Length => f.write_str("it was cut off or has grown"),
            Self::Checksum => f.write_str("its checksum is another"),
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

/// How long the payload of `file` is, when it is the chunk `id`; with `whole`, when every byte of it is.
///
/// # Errors
/// [`Damage`].
pub fn check(file: &File, kind: &Kind, id: &ChunkId, whole: bool) -> Result<u64, Damage> {
    let mut found = [0; HEADER as usize];
    file.read_exact_at(&mut found, 0)?;
    let length = u64::from_le_bytes(std::array::from_fn(|byte| found[LENGTH.start + byte]));
    let mut header = Header::new(kind, id);
    if found[..LENGTH.start] != header.prefix[..LENGTH.start] {
        return Err(Damage::Other);
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
        if header.finish() != found {
            return Err(Damage::Checksum);
        }
    }
    Ok(length)
}

/// Whether `bytes` are the whole file of the chunk `id`.
///
/// # Errors
/// [`Damage`].
pub fn check_bytes(bytes: &[u8], kind: &Kind, id: &ChunkId) -> Result<(), Damage> {
    let (found, payload) = bytes.split_at_checked(HEADER as usize).ok_or(Damage::Length)?;
    let mut header = Header::new(kind, id);
    if found[..LENGTH.start] != header.prefix[..LENGTH.start] {
        return Err(Damage::Other);
    }
    if found[LENGTH] != (payload.len() as u64).to_le_bytes() {
        return Err(Damage::Length);
    }
    header.update(payload);
    if *found == header.finish() { Ok(()) } else { Err(Damage::Checksum) }
}
