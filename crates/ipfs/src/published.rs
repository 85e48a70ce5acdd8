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

    /// About how many bytes of memory it takes, with its places in the index.
    pub fn memory(&self) -> usize {
        const OBJECT: usize = 700;
        const BLOCK: usize = size_of::<Block>() + 300;
        const ENTRY: usize = size_of::<(String, Cid)>() + 40;
        match self {
            Self::File(file) => {
                let own = file.dag.blocks().iter().map(|block| BLOCK + block.head.len() + block.tail.len());
                let source = match &file.source {
                    Source::File(path) => path.as_os_str().len(),
                    Source::Bytes(bytes) => bytes.len(),
                };
                OBJECT + own.sum::<usize>() + source
            }
            Self::Directory(directory) => {
                let entries = directory.entries().keys().map(|name| ENTRY + name.len());
                OBJECT + BLOCK + entries.sum::<usize>() + directory.block().len()
            }
        }
    }
}
