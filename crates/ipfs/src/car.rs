//! Content archives (CARv1).

use std::collections::HashSet;

use cid::Cid;

use crate::body::Body;

/// A content archive: a header with the root, and blocks with their CIDs.
pub(crate) struct Car {
    body: Body,
    seen: HashSet<Cid>,
}

impl Car {
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
    pub fn push(&mut self, cid: Cid, block: Body) {
        if self.seen.insert(cid) {
            let cid = cid.to_bytes();
            let mut bytes = varint(cid.len() as u64 + block.size());
            bytes.extend(cid);
            self.body.push_bytes(bytes);
            self.body.append(block);
        }
    }

    pub fn body(self) -> Body {
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
