//! Claims of chunks among nodes, and the uploads that end them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutResult, UpdateVersion};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::bucket::{Bucket, BucketUnavailable};
use super::limits::{LEASE, RENEW_INTERVAL, REQUEST_TIMEOUT, TRANSFER_TIMEOUT};
use crate::chunk_bytes::ChunkBytes;
use crate::chunk_kind::ChunkKind;
use crate::error::StoreError;
use crate::format::{self, HEADER};
use crate::key::ChunkId;

/// A chunk to upload: its header, its payload, and a permit for the upload.
pub type Upload = ([u8; HEADER as usize], ChunkBytes, OwnedSemaphorePermit);

/// The result of a claim in the bucket.
pub enum RemoteClaim {
    /// The chunk is in the bucket. The value is its header and payload.
    Object(Vec<u8>),
    /// Another node makes the chunk.
    HeldElsewhere,
    /// This node makes the chunk. The value is the version of the claim's object.
    Acquired(UpdateVersion),
}

impl Bucket {
    /// Fetches a chunk, or claims it.
    pub async fn claim(&self, id: &ChunkId, most: u64) -> Result<RemoteClaim, BucketUnavailable> {
        if let Some(object) = self.fetch(id, Some(most)).await? {
            return Ok(RemoteClaim::Object(object));
        }
        let path = self.path(id, ".claim");
        let claimed = match self.put_claim(&path, PutMode::Create).await? {
            Some(claimed) => claimed,
            None => {
                let head =
                    self.request("cannot read the claim", &path, REQUEST_TIMEOUT, self.objects.head(&path)).await?;
                let Some(e_tag) = head.and_then(|head| head.e_tag) else { return Ok(RemoteClaim::HeldElsewhere) };
                if !self.is_abandoned(id, &e_tag) {
                    return Ok(RemoteClaim::HeldElsewhere);
                }
                let version = UpdateVersion { e_tag: Some(e_tag), version: None };
                match self.put_claim(&path, PutMode::Update(version)).await? {
                    Some(claimed) => claimed,
                    None => return Ok(RemoteClaim::HeldElsewhere),
                }
            }
        };
        self.state().other_claims.remove(id);
        // The previous node may have finished after the fetch and before the claim.
        if let Some(object) = self.fetch(id, Some(most)).await? {
            self.request("cannot remove the claim", &path, REQUEST_TIMEOUT, self.objects.delete(&path)).await?;
            return Ok(RemoteClaim::Object(object));
        }
        Ok(RemoteClaim::Acquired(claimed.into()))
    }

    async fn put_claim(&self, path: &Path, mode: PutMode) -> Result<Option<PutResult>, BucketUnavailable> {
        let renewals = self.renewals.fetch_add(1, Ordering::Relaxed);
        let body = serde_json::json!({ "node": self.node, "renewals": renewals }).to_string();
        self.put("cannot claim the chunk", path, REQUEST_TIMEOUT, body.into(), mode).await
    }

    /// Whether a claim has not changed for so long that its node has ended.
    fn is_abandoned(&self, id: &ChunkId, e_tag: &str) -> bool {
        let mut state = self.state();
        let now = Instant::now();
        // Old entries are removed; their chunks are not claimed any more.
        state.other_claims.retain(|_, (_, since)| now.duration_since(*since) < 30 * LEASE);
        let (known, since) = state.other_claims.entry(*id).or_insert_with(|| (e_tag.to_owned(), now));
        if known != e_tag {
            (*known, *since) = (e_tag.to_owned(), now);
        }
        now.duration_since(*since) >= LEASE
    }

    /// Renews a claim until the chunk is uploaded or its writer is dropped.
    pub async fn hold(self: Arc<Self>, id: ChunkId, mut version: UpdateVersion, uploads: oneshot::Receiver<Upload>) {
        let path = self.path(&id, ".claim");
        let work = async {
            if let Ok((header, bytes, _permit)) = uploads.await {
                self.upload(id, header, bytes).await;
            }
        };
        tokio::pin!(work);
        let mut held = true;
        while tokio::time::timeout(RENEW_INTERVAL, &mut work).await.is_err() {
            if held {
                match self.put_claim(&path, PutMode::Update(version.clone())).await {
                    Ok(Some(renewed)) => version = renewed.into(),
                    // Another node has taken over the claim. Both nodes make the same bytes.
                    Ok(None) => held = false,
                    Err(BucketUnavailable) => {}
                }
            }
        }
        if held {
            let _ = self.request("cannot remove the claim", &path, REQUEST_TIMEOUT, self.objects.delete(&path)).await;
        }
        self.held_claims.send_modify(|held_claims| *held_claims -= 1);
    }

    async fn upload(&self, id: ChunkId, header: [u8; HEADER as usize], payload: ChunkBytes) {
        let (path, kind) = (self.path(&id, ""), self.kind);
        let object = tokio::task::spawn_blocking(move || object_of(&kind, &id, &header, &payload)).await;
        let object = match object.unwrap_or_else(|e| Err(io::Error::other(e))) {
            Ok(object) => object,
            Err(e) => {
                let name = path.to_string();
                let error = StoreError { what: "cannot read, for its upload, the chunk", name, cause: e.to_string() };
                tracing::warn!("{error}");
                return;
            }
        };
        let put = self.put("cannot upload the chunk", &path, TRANSFER_TIMEOUT, object.into(), PutMode::Overwrite);
        if let Ok(Some(_)) = put.await {
            self.state().status.uploaded += 1;
        }
    }
}

/// The object of a chunk: its header and payload. The checksum is verified.
fn object_of(kind: &ChunkKind, id: &ChunkId, header: &[u8], payload: &ChunkBytes) -> io::Result<Vec<u8>> {
    let length = usize::try_from(payload.len()).map_err(io::Error::other)?;
    let mut object = header.to_vec();
    object.resize(header.len() + length, 0);
    payload.read_at(0, &mut object[header.len()..])?;
    match format::check_bytes(&object, kind, id) {
        Ok(()) => Ok(object),
        Err(damage) => Err(io::Error::new(io::ErrorKind::InvalidData, damage.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::chunk_kind::Pinning;
    use crate::format::ChunkHeader;
    use crate::key::StoreKey;

    #[test]
    fn bytes_that_the_disk_has_changed_are_not_uploaded() {
        let kind = ChunkKind { magic: *b"crowdchk", version: 1, pinning: Pinning::FIRST_CHUNKS };
        let id = ChunkId { key: StoreKey([7; 32]), index: 3 };
        let file = Arc::new(tempfile::tempfile().unwrap());
        file.write_all_at(b"bytes", 0).unwrap();
        let mut header = ChunkHeader::new(&kind, &id);
        header.update(b"bytes");
        let header = header.finish();
        let payload = ChunkBytes::new(file.clone(), 0, 5);
        assert_eq!(object_of(&kind, &id, &header, &payload).unwrap(), [&header[..], b"bytes"].concat());
        file.write_all_at(b"B", 0).unwrap();
        let error = object_of(&kind, &id, &header, &payload).unwrap_err();
        assert_eq!(error.to_string(), "its checksum is wrong");
    }
}
