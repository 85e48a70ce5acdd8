//! From a path to content.

use cid::Cid;

use crate::body::Body;
use crate::index::BlockIndex;
use crate::published::Published;

/// What is at the end of a path.
pub(crate) struct Resolved<'a> {
    /// The roots on the way, of which the last is the one of the content.
    pub roots: Vec<Cid>,
    pub cid: Cid,
    /// The block of the CID.
    pub block: Body,
    /// The file or directory; `None` for a block that is only a part of a file.
    pub object: Option<&'a Published>,
}

/// Follows the names of a path through directories.
pub(crate) fn resolve<'a>(index: &'a BlockIndex, root: Cid, path: &[&str]) -> Option<Resolved<'a>> {
    let (mut cid, mut roots) = (root, vec![root]);
    for name in path {
        let Published::Directory(directory) = index.object(&cid)? else { return None };
        cid = *directory.entries().get(*name)?;
        roots.push(cid);
    }
    let block = match inline(&cid) {
        Some(bytes) => bytes,
        None => index.block(&cid)?,
    };
    Some(Resolved { roots, cid, block, object: index.object(&cid) })
}

/// The block of a CID that has the bytes instead of a hash. Clients test gateways with the one of no bytes.
fn inline(cid: &Cid) -> Option<Body> {
    const IDENTITY: u64 = 0;
    let mut body = Body::default();
    body.push_bytes(cid.hash().digest());
    (cid.hash().code() == IDENTITY).then_some(body)
}
