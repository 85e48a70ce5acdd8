//! Blocks by their CIDs.

use std::collections::{BTreeMap, HashMap};

use cid::Cid;
use multihash::Multihash;

use crate::body::{Body, Source};
use crate::content_type::content_type;
use crate::directory::Directory;
use crate::error::Error;
use crate::file_dag::FileDag;
use crate::published::{Published, PublishedFile};

/// How large an index may become. When it is full, what was added first is forgotten first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexLimits {
    /// The largest number of files and directories.
    pub objects: usize,
    /// The largest number of bytes in memory. Files on disk count with their index only: about 700 bytes, and 450 bytes for each
    /// 256 KiB.
    pub memory: usize,
}

impl Default for IndexLimits {
    /// 4096 objects and 64 MiB.
    fn default() -> Self {
        Self { objects: 4096, memory: 64 << 20 }
    }
}

/// Blocks by their CIDs: of files on disk, of bytes in memory, and of directories. It is limited in size.
///
/// A block that is in several files is known until the last of them is forgotten.
#[derive(Debug, Default)]
pub struct BlockIndex {
    limits: IndexLimits,
    /// In the order in which they were added.
    objects: BTreeMap<u64, Published>,
    roots: HashMap<Cid, u64>,
    /// The objects that have a block, and its number in each. Blocks are found by hash, because a CID of version 0 and one of version 1 can
    /// stand for the same block.
    blocks: HashMap<Multihash<64>, Vec<(u64, usize)>>,
    memory: usize,
    next: u64,
}

impl BlockIndex {
    /// An index without blocks.
    pub fn new(limits: IndexLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Adds a file under its name, from which its media type is told. A file that is there already becomes the newest.
    ///
    /// # Errors
    /// [`Error::SourceLength`] when bytes in memory are not those of the blocks, [`Error::IndexLimit`] when the file alone exceeds the
    /// limits.
    pub fn insert_file(&mut self, name: &str, dag: FileDag, source: Source) -> Result<(), Error> {
        if let Source::Bytes(bytes) = &source
            && bytes.len() as u64 != dag.size()
        {
            let found = bytes.len() as u64;
            return Err(Error::SourceLength { root: dag.root(), expected: dag.size(), found });
        }
        self.insert(Published::File(PublishedFile { dag, source, content_type: content_type(name) }))
    }

    /// Adds a directory. Its entries are found if they are added too. A directory that is there already becomes the newest.
    ///
    /// # Errors
    /// [`Error::IndexLimit`] when the directory alone exceeds the limits.
    pub fn insert_directory(&mut self, directory: Directory) -> Result<(), Error> {
        self.insert(Published::Directory(directory))
    }

    fn insert(&mut self, object: Published) -> Result<(), Error> {
        let (root, memory) = (object.root(), object.memory());
        if memory > self.limits.memory || self.limits.objects == 0 {
            return Err(Error::IndexLimit { root, bytes: memory, limit: self.limits.memory });
        }
        self.forget(&root);
        while self.objects.len() >= self.limits.objects || self.memory + memory > self.limits.memory {
            let Some(oldest) = self.objects.values().next().map(Published::root) else { break };
            self.forget(&oldest);
        }
        let id = self.next;
        self.next += 1;
        for (number, cid) in object.cids().into_iter().enumerate() {
            let places = self.blocks.entry(*cid.hash()).or_default();
            // A block that a file repeats needs one place.
            if places.last().is_none_or(|(other, _)| *other != id) {
                places.push((id, number));
            }
        }
        self.roots.insert(root, id);
        self.objects.insert(id, object);
        self.memory += memory;
        Ok(())
    }

    /// Forgets a file or directory with its blocks, except those that others have too. Tells whether it was there.
    pub fn forget(&mut self, root: &Cid) -> bool {
        let Some(id) = self.roots.remove(root) else { return false };
        if let Some(object) = self.objects.remove(&id) {
            self.memory -= object.memory();
            for cid in object.cids() {
                if let Some(places) = self.blocks.get_mut(cid.hash()) {
                    places.retain(|(other, _)| *other != id);
                    if places.is_empty() {
                        self.blocks.remove(cid.hash());
                    }
                }
            }
        }
        true
    }

    /// Forgets all files and directories except those whose root is to be kept: what is in the window of a stream, for example.
    pub fn retain(&mut self, mut keep: impl FnMut(&Cid) -> bool) {
        let left: Vec<Cid> = self.roots.keys().filter(|root| !keep(root)).copied().collect();
        for root in left {
            self.forget(&root);
        }
    }

    /// Whether there is a block with this CID.
    pub fn contains(&self, cid: &Cid) -> bool {
        self.blocks.contains_key(cid.hash())
    }

    /// The bytes of a block.
    pub fn block(&self, cid: &Cid) -> Option<Body> {
        let (id, number) = self.blocks.get(cid.hash())?.first()?;
        self.objects.get(id)?.block(*number)
    }

    /// The number of files and directories.
    pub fn objects(&self) -> usize {
        self.objects.len()
    }

    /// The number of different blocks.
    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// About how many bytes of memory the index takes.
    pub fn memory(&self) -> usize {
        self.memory
    }

    pub(crate) fn object(&self, root: &Cid) -> Option<&Published> {
        self.objects.get(self.roots.get(root)?)
    }
}
