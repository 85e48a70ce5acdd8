//! The blocks of a file.

use std::io::Read;
use std::sync::Arc;

use cid::{Cid, Version};
use rust_unixfs::file::adder::FileAdder;

use crate::block::Block;
use crate::error::Error;
use crate::link::Link;

/// The bytes of the file in one block: the default of Kubo.
pub const CHUNK_BYTES: usize = 262_144;

/// How the blocks of a file are made. Both have chunks of [`CHUNK_BYTES`], SHA2-256, and balanced trees of at most 174 links a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// As `ipfs add --cid-version=1 --raw-leaves`: CIDs of version 1, and leaves that are parts of the file and nothing else.
    #[default]
    V1,
    /// As `ipfs add --cid-version=0`: CIDs of version 0 (`Qm...`), and leaves that are UnixFS nodes.
    V0,
}

/// The blocks of a file, which are those that Kubo makes of it with its defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDag {
    root: Cid,
    size: u64,
    dag_size: u64,
    blocks: Vec<Block>,
}

impl FileDag {
    /// Makes the blocks of all bytes of a reader. It keeps one chunk in memory at a time.
    ///
    /// # Errors
    /// [`Error::Read`] when the reader fails.
    pub fn read(mut reader: impl Read, profile: Profile) -> Result<Self, Error> {
        let version = if profile == Profile::V1 { Version::V1 } else { Version::V0 };
        let mut adder = FileAdder::builder().with_cid_version(version).build();
        let mut dag = Self { root: Cid::default(), size: 0, dag_size: 0, blocks: Vec::new() };
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        loop {
            chunk.clear();
            reader.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut chunk).map_err(Error::Read)?;
            let mut made = Vec::new();
            let mut pushed = 0;
            while let Some(rest) = chunk.get(pushed..).filter(|rest| !rest.is_empty()) {
                let (blocks, accepted) = adder.push(rest);
                made.extend(blocks);
                pushed += accepted;
            }
            let last = chunk.len() < CHUNK_BYTES;
            if last {
                made.extend(adder.finish());
                // An empty file has a block too.
                dag.push(made, &chunk)?;
                return Ok(dag);
            }
            dag.push(made, &chunk)?;
        }
    }

    /// Makes the blocks of bytes in memory.
    ///
    /// # Errors
    /// [`Error::UnixFs`], which does not happen unless the library that builds the nodes has a fault.
    pub fn of_bytes(bytes: &[u8], profile: Profile) -> Result<Self, Error> {
        Self::read(bytes, profile)
    }

    /// Adds the blocks that a chunk has completed: its leaf, if there is one, and then nodes that link to others.
    fn push(&mut self, made: Vec<(Cid, Vec<u8>)>, chunk: &[u8]) -> Result<(), Error> {
        let mut chunk = if chunk.is_empty() { None } else { Some(chunk) };
        for (cid, bytes) in made {
            self.root = cid;
            self.dag_size += bytes.len() as u64;
            let block = match chunk.take() {
                None => Block { cid, head: bytes.into(), range: 0..0, tail: Arc::default() },
                Some(chunk) => {
                    let start = self.size;
                    self.size += chunk.len() as u64;
                    let place = leaf_place(&bytes, chunk);
                    let place = place.ok_or_else(|| Error::UnixFs(format!("the leaf {cid} is not its chunk")))?;
                    let (head, tail) = (bytes.get(..place), bytes.get(place + chunk.len()..));
                    let part = |bytes: Option<&[u8]>| Arc::from(bytes.unwrap_or_default());
                    Block { cid, head: part(head), range: start..self.size, tail: part(tail) }
                }
            };
            self.blocks.push(block);
        }
        Ok(())
    }

    /// The CID of the file.
    pub fn root(&self) -> Cid {
        self.root
    }

    /// The length of the file in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The blocks. Leaves are in the order of the file, and every node is after the blocks to which it links, so the root is the last.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The file as the entry of a directory.
    pub fn link(&self) -> Link {
        Link { cid: self.root, dag_size: self.dag_size }
    }
}

/// Where the chunk begins in its leaf. After it, a leaf that is a UnixFS node has only the size of the file: a tag and a number.
fn leaf_place(leaf: &[u8], chunk: &[u8]) -> Option<usize> {
    let longest_tail = 1 + 10;
    let last = leaf.len().checked_sub(chunk.len())?;
    (last.saturating_sub(longest_tail)..=last).rev().find(|place| leaf.get(*place..*place + chunk.len()) == Some(chunk))
}
