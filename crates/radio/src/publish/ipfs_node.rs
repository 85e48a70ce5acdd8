//! Publishes the stream on IPFS by a node that has the RPC of Kubo.

use std::path::{Path, PathBuf};

use crowd_ipfs::{Car, IpnsKey, IpnsTimes, RpcKey, RpcReply, RpcRequest};
use crowd_media::atomic;
use serde::{Deserialize, Serialize};
use ureq::Agent;

use super::http_agent::{describe, http_agent};
use super::ipfs::{KEY, LIFETIME, TTL};
use super::ipfs_directory::{IpfsDirectories, IpfsUpdate};
use super::ipfs_node_url::IpfsNodeUrl;
use crate::error::Error;
use crate::station::Published;

/// The file in the folder of the station's state with what is pinned.
const STATE: &str = "ipfs-node.json";
/// The most bytes of a reply that are read.
const REPLY: u64 = 1 << 20;
/// The most roots that are unpinned after an update, so that it is not late.
const UNPINNED_AT_ONCE: usize = 4;
/// The number of updates that stay pinned: the newest one, and the one before it, which clients may still read.
const KEPT: usize = 2;

/// Publishes the stream on IPFS by a node. Each update is a directory, which is pinned, and earlier ones are unpinned.
pub struct IpfsNode {
    agent: Agent,
    url: IpfsNodeUrl,
    times: IpnsTimes,
    own_key: IpnsKey,
    /// The key in the node, if it is known.
    key: Option<RpcKey>,
    updates: IpfsDirectories,
    path: PathBuf,
    state: State,
}

/// What is pinned in the node.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// The node.
    node: String,
    /// The roots that may be pinned, the latest last.
    pinned: Vec<String>,
}

impl IpfsNode {
    /// A publisher with the key and the state in the folder of the station's state, which are made if they do not exist.
    ///
    /// # Errors
    /// [`Error::Ipfs`] when the key is damaged or cannot be written.
    pub fn open(folder: &Path, url: IpfsNodeUrl) -> Result<Self, Error> {
        let own_key = IpnsKey::open_or_create(&folder.join(KEY))?;
        let path = folder.join(STATE);
        let read = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice::<State>(&text).ok());
        // Another node has not pinned it.
        let state = read.filter(|state| state.node == url.to_string()).unwrap_or_default();
        let (times, updates) = (IpnsTimes::new(LIFETIME, TTL)?, IpfsDirectories::default());
        Ok(Self { agent: http_agent(), url, times, own_key, key: None, updates, path, state })
    }

    /// Publishes what a station has published.
    ///
    /// # Errors
    /// A text for the user. The name then stands for what it did, or for this update.
    pub fn publish(&mut self, published: &Published) -> Result<(), String> {
        let result = self.try_publish(published);
        if result.is_err() {
            // The node may have lost what was added, or be another one.
            self.updates.forget();
            self.key = None;
        }
        result
    }

    fn try_publish(&mut self, published: &Published) -> Result<(), String> {
        let key = self.key()?;
        let update = self.updates.update(published).map_err(text)?;
        let root = update.directory.root();
        self.pin(&root.to_string())?;
        self.send(&RpcRequest::import(&archive(&update).map_err(text)?), |reply| reply.check_import())?;
        self.send(&RpcRequest::publish(&root, &key.name, self.times), |reply| reply.checked().map(|_| ()))?;
        for _ in 0..UNPINNED_AT_ONCE {
            let Some(oldest) = self.state.pinned.first().filter(|_| self.state.pinned.len() > KEPT) else { break };
            self.send(&RpcRequest::unpin(oldest), |reply| reply.check_unpin())?;
            self.state.pinned.remove(0);
        }
        Ok(())
    }

    /// Records that a root is pinned, before it is, so that it is unpinned after a crash too.
    fn pin(&mut self, root: &str) -> Result<(), String> {
        self.state.node = self.url.to_string();
        self.state.pinned.retain(|pinned| pinned != root);
        self.state.pinned.push(root.to_owned());
        let state = serde_json::to_vec(&self.state).map_err(text)?;
        atomic::write(&self.path, &state).map_err(text)
    }

    /// The key of the station in the node. It is imported; a node that cannot do so makes one.
    fn key(&mut self) -> Result<RpcKey, String> {
        if let Some(key) = &self.key {
            return Ok(key.clone());
        }
        let own_name = self.own_key.name().to_string();
        let name = format!("crowd-radio-{}", own_name.get(own_name.len().saturating_sub(12)..).unwrap_or(&own_name));
        let keys = self.send(&RpcRequest::keys(), |reply| reply.keys())?;
        let found = keys.into_iter().find(|key| key.name == name);
        let key = match found {
            Some(key) => key,
            None => {
                let import = RpcRequest::import_key(&name, &self.own_key).map_err(text)?;
                match self.send(&import, |reply| reply.key()) {
                    Ok(key) => key,
                    Err(problem) => {
                        tracing::debug!("{}: it makes a key, because it did not import one: {problem}", self.url);
                        self.send(&RpcRequest::generate_key(&name), |reply| reply.key())?
                    }
                }
            }
        };
        tracing::info!("published on IPFS by the node {} as /ipns/{}/stream.m3u8", self.url, key.id.escape_debug());
        self.key = Some(key.clone());
        Ok(key)
    }

    fn send<T>(
        &self,
        request: &RpcRequest,
        read: impl FnOnce(RpcReply<'_>) -> Result<T, crowd_ipfs::Error>,
    ) -> Result<T, String> {
        let post = self.agent.post(self.url.of(&request.path));
        let response = match &request.body {
            Some((content_type, body)) => post.content_type(content_type).send(&body[..]),
            None => post.send_empty(),
        };
        let failed = |error: &ureq::Error| format!("the node {}: {}", self.url, describe(error));
        let mut response = response.map_err(|error| failed(&error))?;
        let body = response.body_mut().with_config().limit(REPLY).read_to_vec().map_err(|error| failed(&error))?;
        let reply = RpcReply { status: response.status().as_u16(), body: &body };
        read(reply).map_err(|error| format!("the node {}: {error}", self.url))
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// The blocks that were not in the update before.
fn archive(update: &IpfsUpdate) -> Result<Vec<u8>, crowd_ipfs::Error> {
    let mut car = Car::new(&update.directory.root());
    for file in &update.files {
        car.push_file(&file.dag, &file.bytes)?;
    }
    car.push_directory(&update.segments);
    car.push_directory(&update.directory);
    car.bytes()
}
