//! The error type of this crate.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The reason why something cannot be read, signed or published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system could not read or write a file.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried, such as "read".
        action: &'static str,
        /// The error of the system.
        source: io::Error,
    },
    /// A reader failed while its bytes were divided into blocks.
    #[error("cannot read the content: {0}")]
    Read(#[source] io::Error),
    /// A file was written completely or not at all, and it was not at all.
    #[error(transparent)]
    Media(#[from] crowd_media::Error),
    /// A key file that is not a private Ed25519 key.
    #[error("{}: not a private Ed25519 key as libp2p encodes it ({problem}): restore the file from a copy, or remove it to get a new key and with it another name", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file with the state of a name that cannot be used.
    #[error("{}: the state of the IPNS name is damaged ({problem}): the next record replaces it, with a sequence number from the clock", path.display())]
    StateFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A record that caches may keep for longer than it is valid. Kubo refuses it too.
    #[error("a TTL of {ttl:?} is longer than the lifetime of {lifetime:?}: choose a TTL of at most the lifetime")]
    Ttl {
        /// How long caches may keep the record.
        ttl: Duration,
        /// How long the record is valid.
        lifetime: Duration,
    },
    /// A lifetime outside of the limits.
    #[error("a lifetime of {0:?} is not supported: choose 1 second to 3650 days, such as 24 hours")]
    Lifetime(Duration),
    /// A value that is not a path of content.
    #[error("\"{}\" is not the value of an IPNS record: it has to be /ipfs/<CID> or /ipfs/<CID>/<path> with at most 4096 bytes", .0.escape_debug())]
    Value(String),
    /// A node has refused something.
    #[error("the node replies: {0}")]
    Node(String),
    /// The sequence number is the largest that a record can have.
    #[error("the IPNS name has used all sequence numbers: make a new key")]
    Sequence,
    /// A record that is malformed, or that the owner of the name did not sign.
    #[error("the IPNS record is not valid: {0}")]
    Record(String),
    /// A record whose validity has ended.
    #[error("the IPNS record was valid until {0}: its owner has to publish a new one")]
    Expired(String),
    /// A text that is not a CID.
    #[error("\"{}\" is not a CID: {problem}", text.escape_debug())]
    Cid {
        /// The text.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A text that is not an IPNS name.
    #[error("\"{}\" is not an IPNS name: it has to be the CID (k51...) or the peer ID (12D3...) of a key", .0.escape_debug())]
    Name(String),
    /// A name that an entry of a directory cannot have.
    #[error("\"{}\" cannot be the name of a directory entry: it must not be empty, \".\", \"..\" or contain a slash", .0.escape_debug())]
    EntryName(String),
    /// Two entries of a directory have the same name.
    #[error("the directory has two entries with the name \"{}\"", .0.escape_debug())]
    EntryTwice(String),
    /// A directory that Kubo would divide into several blocks.
    #[error("a directory with names and CIDs of {bytes} bytes is too large: the limit is {limit} bytes, so divide it")]
    DirectoryTooLarge {
        /// The bytes of the names and CIDs.
        bytes: u64,
        /// The largest number.
        limit: u64,
    },
    /// The library that builds UnixFS nodes failed.
    #[error("the UnixFS node cannot be built: {0}")]
    UnixFs(String),
    /// One object is larger than an index may become.
    #[error("{root} takes {bytes} bytes of memory, but the limit of the index is {limit} bytes: raise it")]
    IndexLimit {
        /// The root of the object.
        root: cid::Cid,
        /// What it takes.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The bytes in memory are not those from which the blocks were made.
    #[error("{root} was made from {expected} bytes, but its source has {found}: make its blocks again")]
    SourceLength {
        /// The root of the object.
        root: cid::Cid,
        /// The bytes of the file when its blocks were made.
        expected: u64,
        /// The bytes that there are.
        found: u64,
    },
}

impl Error {
    pub(crate) fn io(path: &Path, action: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), action, source }
    }
}
