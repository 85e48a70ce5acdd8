//! `--publish ipfs`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::sync::watch;

use crate::error::Error;
use crate::publish::{IpfsPublisher, SharedGateway};
use crate::station::Published;

/// The longest time until an update is published, and until a stop is noticed.
const POLL: Duration = Duration::from_millis(100);
/// The time until something that failed is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// Where a station publishes besides its own URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// As an IPFS gateway: content by its CID, and an IPNS name that stands for the stream
    Ipfs,
}

/// The flags of publishing.
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// Publish the stream as an IPFS gateway too. Its IPNS name is printed at the start
    #[arg(long, value_name = "WHERE")]
    publish: Vec<Target>,
    /// Address at which IPFS clients reach this server, as a multiaddr: /dns4/radio.example/tcp/443/https. Without it, the one that it
    /// listens on
    #[arg(long, value_name = "MULTIADDR")]
    ipfs_address: Vec<String>,
}

impl PublishArgs {
    /// The publisher, if the flags ask for one.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a wrong address; those of [`IpfsPublisher::open`].
    pub fn ipfs(&self, state: &Path, listens: SocketAddr, https: bool) -> Result<Option<IpfsPublisher>, Error> {
        if !self.publish.contains(&Target::Ipfs) {
            return Ok(None);
        }
        for address in &self.ipfs_address {
            let fine = address.starts_with('/') && (address.ends_with("/http") || address.ends_with("/https"));
            if !fine || address.chars().any(|c| c.is_control() || c.is_whitespace()) {
                let (address, advice) = (address.escape_debug(), "write it like /dns4/radio.example/tcp/443/https");
                return Err(Error::Invalid(format!("--ipfs-address \"{address}\": {advice}")));
            }
        }
        let mut addresses = self.ipfs_address.clone();
        if addresses.is_empty() {
            let (family, scheme) =
                (if listens.is_ipv4() { "ip4" } else { "ip6" }, if https { "https" } else { "http" });
            addresses.push(format!("/{family}/{}/tcp/{}/{scheme}", listens.ip(), listens.port()));
        }
        IpfsPublisher::open(state, addresses).map(Some)
    }
}

/// Publishes each update in a thread of its own until `stopped`. An update that comes meanwhile is left out.
///
/// # Errors
/// [`Error::Io`] when the thread cannot be started.
pub fn publish_in_background(
    mut publisher: IpfsPublisher,
    mut published: watch::Receiver<Arc<Published>>,
    stopped: Arc<AtomicBool>,
) -> Result<SharedGateway, Error> {
    let gateway = publisher.gateway();
    let work = move || {
        published.mark_changed();
        while !stopped.load(Ordering::Relaxed) {
            if !published.has_changed().unwrap_or(false) {
                thread::sleep(POLL);
                continue;
            }
            let now = published.borrow_and_update().clone();
            if now.segments.is_empty() {
                continue;
            }
            if let Err(error) = publisher.publish(&now) {
                tracing::error!("the IPNS name stands for what it did before: {error}");
                thread::sleep(RETRY);
            }
        }
    };
    let thread = thread::Builder::new().name("ipfs".to_owned());
    thread.spawn(work).map_err(|error| Error::io("the thread that publishes on IPFS", "start", error))?;
    Ok(gateway)
}
