//! The hashes of large files. They are recorded in the folder of the measurements, so that a restart does not read these files again.

use std::path::Path;

use crowd_library::{ContentHash, HashStore, LocalId};
use crowd_store::{Records, StoreError, StoreKey};

/// The kind of the records.
const CONTENT: &str = "content";

/// The hashes of files, in a folder of records.
pub struct StoredHashes(Records);

impl StoredHashes {
    /// Opens the hashes in `folder`, and makes the folder if it is missing.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be made or read.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Records::open(folder, &[CONTENT]).map(Self)
    }
}

impl HashStore for StoredHashes {
    fn load(&self, file: LocalId) -> Option<ContentHash> {
        let hash = self.0.get(CONTENT, &StoreKey(*file.as_bytes()))?;
        Some(<[u8; 32]>::try_from(hash).ok()?.into())
    }

    fn save(&self, file: LocalId, hash: ContentHash) {
        if let Err(error) = self.0.put(CONTENT, &StoreKey(*file.as_bytes()), hash.as_bytes()) {
            tracing::warn!("{error}");
        }
    }
}
