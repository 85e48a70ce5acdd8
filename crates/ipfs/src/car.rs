//! Content archives (CARv1).

use std::collections::HashSet;

use cid::Cid;

use crate::body::Body;
use crate::directory::Directory;
use crate::error::Error;
use crate::file_dag::FileDag;

/// A content archive (CARv1): a header with the root, and blocks with their CIDs.
#[derive(Debug)]
pub struct Car {
    body: Body,
    seen: HashSet<Cid>,
}

impl Car {
    /// An archive without blocks, whose root this is.
    pub fn new(root: &Cid) -> Self {
        // {"roots": [root], "version": 1} in DAG-CBOR. Tag 42 is a CID, whose bytes follow a zero.
        let cid = root.to_bytes();
        let mut header = b"\xa2\x65roots\x81\xd8\x2a\x58".to_vec();
        header.push(u8::try_from(cid.len() + 1).unwrap_or(u8::MAX));
        header.push(0);
        header.extend(cid);
        header.extend(b"\x67version\x01");
        let mut bytes = varint(header.len() as u64);
        bytes.extend(header);
        let mut body = Body::default();
        body.push_bytes(bytes);
        Self { body, seen: HashSet::new() }
    }

    /// Adds a block, unless it is there already.
    pub(crate) fn push(&mut self, cid: Cid, block: Body) {
        if self.seen.insert(cid) {
            let cid = cid.to_bytes();
            let mut bytes = varint(cid.len() as u64 + block.size());
            bytes.extend(cid);
            self.body.push_bytes(bytes);
            self.body.append(block);
        }
    }

    /// Adds the blocks of a file with these bytes.
    ///
    /// # Errors
    /// [`Error::UnixFs`] when the blocks are those of a longer file.
    pub fn push_file(&mut self, dag: &FileDag, bytes: &[u8]) -> Result<(), Error> {
        for block in dag.blocks() {
            let missing = || Error::UnixFs(format!("the block {} is not in the bytes of its file", block.cid()));
            let mut body = Body::default();
            body.push_bytes(block.bytes(bytes).ok_or_else(missing)?);
            self.push(block.cid(), body);
        }
        Ok(())
    }

    /// Adds the block of a directory, without what is in it.
    pub fn push_directory(&mut self, directory: &Directory) {
        let mut body = Body::default();
        body.push_bytes(directory.block().clone());
        self.push(directory.root(), body);
    }

    /// The bytes of the archive.
    ///
    /// # Errors
    /// [`Error::Read`], if there are blocks of files on a disk, which cannot be read.
    pub fn bytes(self) -> Result<Vec<u8>, Error> {
        self.body.read().map_err(Error::Read)
    }

    pub(crate) fn body(self) -> Body {
        self.body
    }
}

/// A number in base 128, the lowest digits first (LEB128).
fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
