//! `--publish` and what belongs to it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use crowd_cli::secret::{self, SecretPlaces};
use crowd_streaming::icecast::source::Password;
use tokio::sync::watch;

use super::ipfs::publish_in_background;
use super::publish_video::VideoArgs;
use crate::error::Error;
use crate::publish::{IpfsNode, IpfsNodeUrl, IpfsPublisher, Origin, Progress, Publishers, SharedGateway, Target};
use crate::station::Published;

/// The flag for a file with URLs.
const FILE: &str = "--publish-file";
/// The places of the password of Icecast servers, and of the key of RTMP servers.
const PASSWORD: SecretPlaces = SecretPlaces {
    needed_by: "--publish icecast:// or rtmp:// without a password or a key",
    file_flag: "--publish-password-file",
    variable: "CROWD_RADIO_PUBLISH_PASSWORD",
};

/// The flags of publishing.
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// Publish the stream in another place too. It can be given several times. "ipfs": as an IPFS gateway, whose IPNS name is printed at
    /// the start. "icecast://[USER@]HOST[:PORT]/MOUNT": the endless stream, to an Icecast server; with ?format=opus that of Opus.
    /// "hls-put+https://HOST/PATH/" or "hls-put+http://": segments and playlists, by HTTP PUT; ?max_listed=N for shorter playlists,
    /// &delete=1 to delete old segments, &playlist=NAME for only one playlist, &video=1 for segments with video. "rtmp://HOST/APP/" or
    /// "rtmps://": the endless stream with video, to an RTMP server
    #[arg(long, value_name = "WHERE")]
    publish: Vec<String>,
    /// File with values of --publish, one in each line. They may contain secrets, which the command line may not. Lines that begin with #
    /// are left out
    #[arg(long, value_name = "FILE")]
    publish_file: Option<PathBuf>,
    /// File with the password of the Icecast servers, or the key of the RTMP server, in one line. Without it, it is that of the environment
    /// variable CROWD_RADIO_PUBLISH_PASSWORD. A URL in --publish-file may have its own: icecast://USER:PASSWORD@HOST/MOUNT,
    /// rtmps://HOST/APP/KEY
    #[arg(long, value_name = "FILE")]
    publish_password_file: Option<PathBuf>,
    /// Address at which IPFS clients reach this server, as a multiaddr: /dns4/radio.example/tcp/443/https. Without it, the one that it
    /// listens on
    #[arg(long, value_name = "MULTIADDR")]
    ipfs_address: Vec<String>,
    /// Address of the RPC of an IPFS node, such as http://127.0.0.1:5001 for Kubo. With --publish ipfs the stream is added to this node,
    /// which publishes the IPNS name, and this server is no IPFS gateway
    #[arg(long, value_name = "URL")]
    ipfs_api: Option<IpfsNodeUrl>,
    #[command(flatten)]
    video: VideoArgs,
}

impl PublishArgs {
    /// The publishers that the flags ask for.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the wrong value, without secrets, and with advice.
    pub fn publishers(&self) -> Result<Publishers, Error> {
        let invalid = |error: &dyn std::fmt::Display| Error::Invalid(error.to_string());
        let mut targets = Vec::new();
        for text in &self.publish {
            let target = Target::parse(text, Origin::CommandLine);
            targets.push(target.map_err(|problem| Error::Invalid(format!("--publish {problem}")))?);
        }
        if let Some(path) = &self.publish_file {
            let text = secret::read_file(FILE, path).map_err(|error| invalid(&error))?;
            for (number, line) in (1..).zip(text.lines().map(str::trim)) {
                if line.is_empty() || line.starts_with('#') {
                    continue;
                }
                let target = Target::parse(line, Origin::File);
                let place = |problem| Error::Invalid(format!("{FILE} {}, line {number}: {problem}", path.display()));
                targets.push(target.map_err(place)?);
            }
        }
        let needs_password = targets.iter().any(|target| match target {
            Target::Icecast(url) => url.password.is_none(),
            Target::Rtmp(url) => !url.has_key(),
            Target::Ipfs | Target::HlsPut(_) => false,
        });
        let mut password = None;
        if needs_password || self.publish_password_file.is_some() {
            let variable = std::env::var(PASSWORD.variable).ok();
            let read = secret::read(PASSWORD, self.publish_password_file.as_deref(), variable.as_deref());
            password = Some(Password::new(read.map_err(|error| invalid(&error))?));
        }
        if self.ipfs_api.is_some() && !targets.contains(&Target::Ipfs) {
            return Err(Error::Invalid("--ipfs-api needs --publish ipfs".to_owned()));
        }
        Ok(Publishers::new(targets, password, self.video.settings()))
    }

    /// Starts the publisher on IPFS of a station with the state folder `state`, which listens on an address, with a base path, and with HTTPS
    /// or not. Returns the gateway that the server has to serve, if there is no node that does so.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a wrong address; those of [`IpfsPublisher::open`], [`IpfsNode::open`] and [`publish_in_background`].
    pub fn start_ipfs(
        &self,
        state: &Path,
        (listens, base, https): &(SocketAddr, String, bool),
        published: watch::Receiver<Arc<Published>>,
        progress: Arc<Progress>,
        stopped: Arc<AtomicBool>,
    ) -> Result<Option<SharedGateway>, Error> {
        if let Some(url) = &self.ipfs_api {
            let mut node = IpfsNode::open(state, url.clone())?;
            publish_in_background(move |now| node.publish(now), published, progress, stopped)?;
            return Ok(None);
        }
        let mut ipfs = IpfsPublisher::open(state, self.ipfs_addresses(*listens, *https)?)?;
        tracing::info!("published on IPFS as http://{listens}{base}/ipns/{}/stream.m3u8", ipfs.name());
        let gateway = ipfs.gateway();
        let publish = move |now: &Published| ipfs.publish(now).map_err(|error| error.to_string());
        publish_in_background(publish, published, progress, stopped)?;
        Ok(Some(gateway))
    }

    /// The addresses at which IPFS clients reach a station that listens on an address.
    fn ipfs_addresses(&self, listens: SocketAddr, https: bool) -> Result<Vec<String>, Error> {
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
        Ok(addresses)
    }
}
