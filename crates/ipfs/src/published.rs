//! What an index has under a root.

use cid::Cid;

use crate::block::Block;
use crate::body::{Body, Source};
use crate::directory::Directory;
use crate::file_dag::FileDag;

/// A file whose bytes can be read.
#[derive(Clone, Debug)]
pub(crate) struct PublishedFile {
    pub dag: FileDag,
    pub source: Source,
    pub content_type: &'static str,
}

/// What an index has under a root.
#[derive(Clone, Debug)]
pub(crate) enum Published {
    File(PublishedFile),
    Directory(Directory),
}

impl PublishedFile {
    /// The whole file.
    pub fn body(&self) -> Body {
        Body::part(self.source.clone(), 0..self.dag.size())
    }

    fn block_body(&self, block: &Block) -> Body {
        let mut body = Body::default();
        body.push_bytes(block.head.clone());
        body.push(self.source.clone(), block.range.clone());
        body.push_bytes(block.tail.clone());
        body
    }
}

impl Published {
    pub fn root(&self) -> Cid {
        match self {
            Self::File(file) => file.dag.root(),
            Self::Directory(directory) => directory.root(),
        }
    }

    /// The CIDs of its own blocks, the root last. Entries of a directory are not part of it.
    pub fn cids(&self) -> Vec<Cid> {
        match self {
            Self::File(file) => file.dag.blocks().iter().map(Block::cid).collect(),
            Self::Directory(directory) => vec![directory.root()],
        }
    }

    /// One of its blocks, by its number in [`cids`](Self::cids).
    pub fn block(&self, number: usize) -> Option<Body> {
        match self {
            Self::File(file) => file.dag.blocks().get(number).map(|block| file.block_body(block)),
            Self::Directory(directory) => {
                let mut body = Body::default();
                body.push_bytes(directory.block().clone());
                (number == 0).then_some(body)
            }
        }
    }

    /// About how many bytes of memory it takes.
    pub fn memory(&self) -> usize {
        // A block has two places in the index besides itself.
        const PLACES: usize = 160;
        match self {
            Self::File(file) => {
                let blocks = file.dag.blocks().iter();
                let own: usize =
                    blocks.map(|block| size_of::<Block>() + PLACES + block.head.len() + block.tail.len()).sum();
                let source = match &file.source {
                    Source::File(path) => path.as_os_str().len(),
                    Source::Bytes(bytes) => bytes.len(),
                };
                own + source
            }
            Self::Directory(directory) => {
                let names = directory.entries().keys();
                let entries: usize = names.map(|name| name.len() + size_of::<(String, Cid)>()).sum();
                directory.block().len() + entries + PLACES
            }
        }
    }
}
