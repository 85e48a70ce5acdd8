//! Claims: which node makes a chunk, and for how long it is taken to be alive.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutResult, UpdateVersion};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::bucket::{Bucket, Down};
use super::limits::{LEASE, PATIENCE, RENEW, TRANSFER};
use crate::error::StoreError;
use crate::format::{self, HEADER};
use crate::key::ChunkId;
use crate::kind::Kind;
use crate::stored::Stored;

/// A chunk to upload, its header first, and its place among the uploads.
pub type Upload = ([u8; HEADER as usize], Stored, OwnedSemaphorePermit);

/// What a claim comes to.
pub enum Found {
    Object(Vec<u8>),
    Theirs,
    Ours(UpdateVersion),
}

impl Bucket {
    /// The chunk, or the right to make it.
    pub async fn claim(&self, id: &ChunkId, most: u64) -> Result<Found, Down> {
        if let Some(object) = self.fetch(id, Some(most)).await? {
            return Ok(Found::Object(object));
        }
        let path = self.path(id, ".claim");
        let claimed = match self.put_claim(&path, PutMode::Create).await? {
            Some(claimed) => claimed,
            None => {
                let head = self.ask("cannot read the claim", &path, PATIENCE, self.objects.head(&path)).await?;
                let Some(e_tag) = head.and_then(|head| head.e_tag) else { return Ok(Found::Theirs) };
                if !self.is_abandoned(id, &e_tag) {
                    return Ok(Found::Theirs);
                }
                let version = UpdateVersion { e_tag: Some(e_tag), version: None };
                match self.put_claim(&path, PutMode::Update(version)).await? {
                    Some(claimed) => claimed,
                    None => return Ok(Found::Theirs),
                }
            }
        };
        self.state().seen.remove(id);
        // Its last maker may have finished between the look and the claim.
        if let Some(object) = self.fetch(id, Some(most)).await? {
            self.ask("cannot remove the claim", &path, PATIENCE, self.objects.delete(&path)).await?;
            return Ok(Found::Object(object));
        }
        Ok(Found::Ours(claimed.into()))
    }

    async fn put_claim(&self, path: &Path, mode: PutMode) -> Result<Option<PutResult>, Down> {
        let renewals = self.renewals.fetch_add(1, Ordering::Relaxed);
        let body = serde_json::json!({ "node": self.node, "renewals": renewals }).to_string();
        self.put("cannot claim the chunk", path, PATIENCE, body.into(), mode).await
    }

    /// Whether a claim has stood unchanged for longer than a living node lets it.
    fn is_abandoned(&self, id: &ChunkId, e_tag: &str) -> bool {
        let mut state = self.state();
        let now = Instant::now();
        // These are not asked for any more.
        state.seen.retain(|_, (_, since)| now.duration_since(*since) < 30 * LEASE);
        let (seen, since) = state.seen.entry(*id).or_insert_with(|| (e_tag.to_owned(), now));
        if seen != e_tag {
            (*seen, *since) = (e_tag.to_owned(), now);
        }
        now.duration_since(*since) >= LEASE
    }

    /// Renews a claim until the chunk is uploaded or given up.
    pub async fn hold(self: Arc<Self>, id: ChunkId, mut version: UpdateVersion, ended: oneshot::Receiver<Upload>) {
        let path = self.path(&id, ".claim");
        let work = async {
            if let Ok((header, stored, _place)) = ended.await {
                self.upload(id, header, stored).await;
            }
        };
        tokio::pin!(work);
        let mut ours = true;
        while tokio::time::timeout(RENEW, &mut work).await.is_err() {
            if ours {
                match self.put_claim(&path, PutMode::Update(version.clone())).await {
                    Ok(Some(renewed)) => version = renewed.into(),
                    // Another node took it over: both make the same bytes.
                    Ok(None) => ours = false,
                    Err(Down) => {}
                }
            }
        }
        if ours {
            let _ = self.ask("cannot remove the claim", &path, PATIENCE, self.objects.delete(&path)).await;
        }
        self.holding.send_modify(|holding| *holding -= 1);
    }

    async fn upload(&self, id: ChunkId, header: [u8; HEADER as usize], stored: Stored) {
        let (path, kind) = (self.path(&id, ""), self.kind);
        let object = tokio::task::spawn_blocking(move || object_of(&kind, &id, &header, &stored)).await;
        let object = match object.unwrap_or_else(|e| Err(io::Error::other(e))) {
            Ok(object) => object,
            Err(e) => {
                let name = path.to_string();
                let error = StoreError { what: "cannot read, for its upload, the chunk", name, cause: e.to_string() };
                tracing::warn!("{error}");
                return;
            }
        };
        let put = self.put("cannot upload the chunk", &path, TRANSFER, object.into(), PutMode::Overwrite);
        if let Ok(Some(_)) = put.await {
            self.state().status.uploaded += 1;
        }
    }
}

/// Header and payload, when they belong together.
fn object_of(kind: &Kind, id: &ChunkId, header: &[u8], stored: &Stored) -> io::Result<Vec<u8>> {
    let length = usize::try_from(stored.len()).map_err(io::Error::other)?;
    let mut object = header.to_vec();
    object.resize(header.len() + length, 0);
    stored.read_at(0, &mut object[header.len()..])?;
    match format::check_bytes(&object, kind, id) {
        Ok(()) => Ok(object),
        Err(damage) => Err(io::Error::new(io::ErrorKind::InvalidData, damage.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::format::Header;
    use crate::key::Key;
    use crate::kind::Pinning;

    #[test]
    fn what_was_changed_on_the_disk_since_it_was_made_is_not_uploaded() {
        let kind = Kind { magic: *b"crowdchk", version: 1, pinning: Pinning::FIRST_CHUNKS };
        let id = ChunkId { key: Key([7; 32]), index: 3 };
        let file = Arc::new(tempfile::tempfile().unwrap());
        file.write_all_at(b"bytes", 0).unwrap();
        let mut header = Header::new(&kind, &id);
        header.update(b"bytes");
        let header = header.finish();
        let stored = Stored::new(file.clone(), 0, 5);
        assert_eq!(object_of(&kind, &id, &header, &stored).unwrap(), [&header[..], b"bytes"].concat());
        file.write_all_at(b"B", 0).unwrap();
        let error = object_of(&kind, &id, &header, &stored).unwrap_err();
        assert_eq!(error.to_string(), "its checksum is another");
    }
}
