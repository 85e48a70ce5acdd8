//! A chunk in the making, for all nodes.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::claims::Upload;
use super::limits::TRANSFER;
use super::node::Node;
use crate::error::StoreError;
use crate::format::Header;
use crate::store::Making;
use crate::stored::Stored;

/// A chunk this node makes, for all of them.
pub struct S3Making {
    pub node: Arc<Node>,
    pub local: Box<dyn Making>,
    /// Of the bytes as they were appended: what this machine's disk makes of them is not to reach other nodes.
    pub header: Header,
    /// Dropped without a chunk, it releases the claim.
    pub end: oneshot::Sender<Upload>,
}

impl Making for S3Making {
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.local.append(bytes)?;
        self.header.update(bytes);
        Ok(())
    }

    fn so_far(&self) -> Stored {
        self.local.so_far()
    }

    /// The upload goes on after it.
    fn commit(self: Box<Self>) -> Result<Stored, StoreError> {
        let Self { node, local, header, end } = *self;
        let stored = local.commit()?;
        // A bucket slower than the making holds the maker back, for a while.
        let place = Arc::clone(&node.bucket.uploads).acquire_owned();
        let place = node.ask(async { tokio::time::timeout(TRANSFER, place).await });
        if let Some(Ok(Ok(place))) = place {
            let _ = end.send((header.finish(), stored.clone(), place));
        }
        Ok(stored)
    }
}
