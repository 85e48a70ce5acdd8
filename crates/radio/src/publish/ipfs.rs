//! Publishes the stream on IPFS, without a daemon: each update of the playlists is a directory, for which an IPNS name stands.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use crowd_ipfs::{BlockIndex, Gateway, IndexLimits, IpnsKey, IpnsName, IpnsPublisher, IpnsTimes, Source};

use super::ipfs_directory::{IpfsDirectories, NewFile};
use crate::error::Error;
use crate::station::Published;

/// The files in the folder of the station's state.
pub(super) const KEY: &str = "ipns.key";
const STATE: &str = "ipns.json";
/// How long a record is valid, and how long it may be cached: a playlist is new every few seconds.
pub(super) const LIFETIME: Duration = Duration::from_secs(24 * 3_600);
pub(super) const TTL: Duration = Duration::from_secs(1);
/// The number of directories that are kept: a client can still read one for which the name stood a while ago.
const DIRECTORIES: usize = 32;
/// The bytes of all segments and directories that are kept, at most.
const MEMORY: usize = 512 << 20;

/// The answers to requests, which the publisher changes with each update.
pub type SharedGateway = Arc<RwLock<Gateway>>;

/// Publishes the stream on IPFS.
pub struct IpfsPublisher {
    gateway: SharedGateway,
    names: IpnsPublisher,
    updates: IpfsDirectories,
    /// The roots of the last directories with those of their playlists, the latest last.
    directories: Vec<Vec<crowd_ipfs::Cid>>,
}

impl IpfsPublisher {
    /// A publisher with the key and the state in the folder of the station's state, which are made if they do not exist. `addresses` are
    /// those at which clients reach the server, as multiaddrs.
    ///
    /// # Errors
    /// [`Error::Ipfs`] when the key is damaged or cannot be written.
    pub fn open(folder: &Path, addresses: Vec<String>) -> Result<Self, Error> {
        let key = IpnsKey::open_or_create(&folder.join(KEY))?;
        let name = key.name();
        let names = IpnsPublisher::open(&folder.join(STATE), key, IpnsTimes::new(LIFETIME, TTL)?)?;
        if let Some(fault) = names.state_fault() {
            tracing::error!("{fault}: the sequence of the IPNS name continues from the clock");
        }
        let limits = IndexLimits { memory: MEMORY, ..IndexLimits::default() };
        let gateway = Arc::new(RwLock::new(Gateway::new(BlockIndex::new(limits), name, addresses)));
        Ok(Self { gateway, names, updates: IpfsDirectories::default(), directories: Vec::new() })
    }

    /// The name that stands for the stream.
    pub fn name(&self) -> IpnsName {
        self.names.name()
    }

    /// The answers to requests.
    pub fn gateway(&self) -> SharedGateway {
        self.gateway.clone()
    }

    /// Publishes what a station has published. Nothing that is in the directories before it changes.
    ///
    /// # Errors
    /// [`Error::Ipfs`] when there is too much, or the state of the name cannot be written. The name then stands for what it did.
    pub fn publish(&mut self, published: &Published) -> Result<(), Error> {
        let update = self.updates.update(published)?;
        let root = update.directory.root();
        self.directories.push(update.cids);
        if self.directories.len() > DIRECTORIES {
            self.directories.remove(0);
        }
        {
            let mut gateway = self.gateway.write().unwrap_or_else(PoisonError::into_inner);
            for NewFile { name, dag, bytes } in update.files {
                gateway.index.insert_file(&name, dag, Source::Bytes(bytes))?;
            }
            gateway.index.insert_directory(update.segments)?;
            gateway.index.insert_directory(update.directory)?;
        }
        let record = self.names.publish(&format!("/ipfs/{root}"), SystemTime::now())?.clone();
        // What is neither in the playlists nor in one of the last directories is forgotten.
        let mut gateway = self.gateway.write().unwrap_or_else(PoisonError::into_inner);
        gateway.set_record(self.names.name(), record)?;
        let (directories, updates) = (&self.directories, &self.updates);
        let is_kept = |cid: &crowd_ipfs::Cid| directories.iter().flatten().any(|kept| kept == cid) || updates.has(cid);
        gateway.index.retain(is_kept);
        Ok(())
    }
}
