//! A directory of files.

use std::collections::BTreeMap;
use std::sync::Arc;

use cid::{Cid, Version};
use rust_unixfs::dir::builder::{BufferingTreeBuilder, TreeOptions};

use crate::error::Error;
use crate::file_dag::Profile;
use crate::link::Link;

/// The names and CIDs of a directory have at most this many bytes together. Kubo divides larger directories into several blocks.
pub const DIRECTORY_BYTES: u64 = 262_144;

/// A directory in one block: the names of files and other directories, and their CIDs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    root: Cid,
    block: Arc<[u8]>,
    entries: BTreeMap<String, Cid>,
    dag_size: u64,
}

impl Directory {
    /// Makes a directory of entries, whose order does not matter. Another directory can be an entry.
    ///
    /// # Errors
    /// [`Error::EntryName`], [`Error::EntryTwice`] and [`Error::DirectoryTooLarge`].
    pub fn new(entries: impl IntoIterator<Item = (String, Link)>, profile: Profile) -> Result<Self, Error> {
        let mut links = BTreeMap::new();
        for (name, link) in entries {
            if matches!(name.as_str(), "" | "." | "..") || name.contains('/') {
                return Err(Error::EntryName(name));
            }
            if links.contains_key(&name) {
                return Err(Error::EntryTwice(name));
            }
            links.insert(name, link);
        }
        let bytes = links.iter().map(|(name, link)| (name.len() + link.cid.encoded_len()) as u64).sum();
        if bytes > DIRECTORY_BYTES {
            return Err(Error::DirectoryTooLarge { bytes, limit: DIRECTORY_BYTES });
        }
        let (root, block) = node(&links, profile)?;
        let dag_size = links.values().map(|link| link.dag_size).fold(block.len() as u64, u64::saturating_add);
        let entries = links.into_iter().map(|(name, link)| (name, link.cid)).collect();
        Ok(Self { root, block: block.into(), entries, dag_size })
    }

    /// The CID of the directory.
    pub fn root(&self) -> Cid {
        self.root
    }

    /// Its only block.
    pub fn block(&self) -> &Arc<[u8]> {
        &self.block
    }

    /// The names of its entries and their CIDs.
    pub fn entries(&self) -> &BTreeMap<String, Cid> {
        &self.entries
    }

    /// The directory as the entry of another.
    pub fn link(&self) -> Link {
        Link { cid: self.root, dag_size: self.dag_size }
    }
}

fn node(links: &BTreeMap<String, Link>, profile: Profile) -> Result<(Cid, Vec<u8>), Error> {
    let mut options = TreeOptions::default();
    options.wrap_with_directory();
    options.block_size_limit(None);
    options.shard_threshold(None);
    options.cid_version(if profile == Profile::V1 { Version::V1 } else { Version::V0 });
    let mut builder = BufferingTreeBuilder::new(options);
    for (name, link) in links {
        builder.put_link(name, link.cid, link.dag_size).map_err(|error| Error::UnixFs(error.to_string()))?;
    }
    let node = builder.build().last().ok_or_else(|| Error::UnixFs("a directory without nodes".to_owned()))?;
    let node = node.map_err(|error| Error::UnixFs(error.to_string()))?;
    Ok((node.cid, node.block.into()))
}
