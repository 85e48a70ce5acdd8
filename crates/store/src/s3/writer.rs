//! The writer of a chunk that is uploaded for all nodes.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::claims::Upload;
use super::limits::TRANSFER_TIMEOUT;
use super::node::Node;
use crate::chunk_bytes::ChunkBytes;
use crate::error::StoreError;
use crate::format::ChunkHeader;
use crate::store::ChunkWriter;

/// Writes a chunk to this node's disk and uploads it for the other nodes.
pub struct S3ChunkWriter {
    pub node: Arc<Node>,
    pub local: Box<dyn ChunkWriter>,
    /// The header with the checksum of the bytes as they were appended. The upload verifies it, so bytes that this machine's disk has
    /// damaged are not uploaded.
    pub header: ChunkHeader,
    /// Sends the finished chunk to the task that holds the claim. When it is dropped, the claim is released without an upload.
    pub upload: oneshot::Sender<Upload>,
}

impl ChunkWriter for S3ChunkWriter {
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.local.append(bytes)?;
        self.header.update(bytes);
        Ok(())
    }

    fn written(&self) -> ChunkBytes {
        self.local.written()
    }

    /// Completes the chunk on the disk. The upload continues afterwards.
    fn commit(self: Box<Self>) -> Result<ChunkBytes, StoreError> {
        let Self { node, local, header, upload } = *self;
        let bytes = local.commit()?;
        // When uploads are slower than the making of chunks, this blocks until one ends or the timeout is over.
        let permit = Arc::clone(&node.bucket.uploads).acquire_owned();
        let permit = node.request(async { tokio::time::timeout(TRANSFER_TIMEOUT, permit).await });
        if let Some(Ok(Ok(permit))) = permit {
            let _ = upload.send((header.finish(), bytes.clone(), permit));
        }
        Ok(bytes)
    }
}
