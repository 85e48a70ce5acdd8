//! What a station has published as a directory of IPFS.

use std::collections::HashMap;
use std::sync::Arc;

use crowd_ipfs::{Cid, Directory, Error, FileDag, Link, Profile};

use crate::station::Published;

/// Makes the directory of each update. Segments are hashed once.
#[derive(Default)]
pub(super) struct IpfsDirectories {
    /// The published segments by their names.
    segments: HashMap<String, Link>,
}

/// A file that was not in the directory before.
pub(super) struct NewFile {
    pub name: String,
    pub dag: FileDag,
    pub bytes: Arc<[u8]>,
}

/// An update: a directory with the playlists, and in it the directory of the segments.
pub(super) struct IpfsUpdate {
    pub files: Vec<NewFile>,
    pub segments: Directory,
    pub directory: Directory,
    /// The CIDs of the playlists, of both directories, the root last.
    pub cids: Vec<Cid>,
}

impl IpfsDirectories {
    /// The next update. Its files are those that were not in the update before.
    ///
    /// # Errors
    /// Those of [`Directory::new`], when there is too much.
    pub fn update(&mut self, published: &Published) -> Result<IpfsUpdate, Error> {
        let mut files = Vec::new();
        for segment in &published.segments {
            if !self.segments.contains_key(&segment.name) {
                let dag = FileDag::of_bytes(&segment.bytes, Profile::V1)?;
                self.segments.insert(segment.name.clone(), dag.link());
                files.push(NewFile { name: segment.name.clone(), dag, bytes: segment.bytes.clone() });
            }
        }
        let listed = published
            .segments
            .iter()
            .filter_map(|segment| self.segments.get(&segment.name).map(|link| (segment.name.clone(), *link)));
        let segments = Directory::new(listed, Profile::V1)?;
        let mut entries = vec![("segments".to_owned(), segments.link())];
        for (name, text) in &published.playlists {
            let dag = FileDag::of_bytes(text.as_bytes(), Profile::V1)?;
            entries.push((name.clone(), dag.link()));
            files.push(NewFile { name: name.clone(), dag, bytes: text.as_bytes().into() });
        }
        let directory = Directory::new(entries.iter().cloned(), Profile::V1)?;
        let mut cids: Vec<_> = entries.iter().map(|(_, link)| link.cid).collect();
        cids.push(directory.root());
        self.segments.retain(|name, _| published.segments.iter().any(|segment| segment.name == *name));
        Ok(IpfsUpdate { files, segments, directory, cids })
    }

    /// Forgets what was in updates, so that the next one has all files.
    pub fn forget(&mut self) {
        self.segments.clear();
    }

    /// Whether a segment of the last update has this CID.
    pub fn has(&self, cid: &Cid) -> bool {
        self.segments.values().any(|link| link.cid == *cid)
    }
}
