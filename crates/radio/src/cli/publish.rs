//! `--publish` and what belongs to it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use crowd_cli::secret::{self, SecretPlaces};
use crowd_streaming::icecast::source::Password;

use crate::error::Error;
use crate::publish::{IpfsPublisher, Origin, Publishers, Target};

/// The flag for a file with URLs.
const FILE: &str = "--publish-file";
/// The places of the password of Icecast servers.
const PASSWORD: SecretPlaces = SecretPlaces {
    needed_by: "--publish icecast://",
    file_flag: "--publish-password-file",
    variable: "CROWD_RADIO_PUBLISH_PASSWORD",
};

/// The flags of publishing.
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// Publish the stream in another place too. It can be given several times. "ipfs": as an IPFS gateway, whose IPNS name is printed at
    /// the start. "icecast://[USER@]HOST[:PORT]/MOUNT": the endless stream, to an Icecast server; with ?format=opus that of Opus.
    /// "hls-put+https://HOST/PATH/" or "hls-put+http://": segments and playlists, by HTTP PUT; ?max_listed=N for shorter playlists,
    /// &delete=1 to delete old segments, &playlist=NAME for only one playlist
    #[arg(long, value_name = "WHERE")]
    publish: Vec<String>,
    /// File with values of --publish, one in each line. They may contain secrets, which the command line may not. Lines that begin with #
    /// are left out
    #[arg(long, value_name = "FILE")]
    publish_file: Option<PathBuf>,
    /// File with the password of the Icecast servers, in one line. Without it, the password is that of the environment variable
    /// CROWD_RADIO_PUBLISH_PASSWORD. A URL in --publish-file may have its own: icecast://USER:PASSWORD@HOST/MOUNT
    #[arg(long, value_name = "FILE")]
    publish_password_file: Option<PathBuf>,
    /// Address at which IPFS clients reach this server, as a multiaddr: /dns4/radio.example/tcp/443/https. Without it, the one that it
    /// listens on
    #[arg(long, value_name = "MULTIADDR")]
    ipfs_address: Vec<String>,
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
        let needs_password =
            targets.iter().any(|target| matches!(target, Target::Icecast(url) if url.password.is_none()));
        let mut password = None;
        if needs_password || self.publish_password_file.is_some() {
            let variable = std::env::var(PASSWORD.variable).ok();
            let read = secret::read(PASSWORD, self.publish_password_file.as_deref(), variable.as_deref());
            password = Some(Password::new(read.map_err(|error| invalid(&error))?));
        }
        Ok(Publishers::new(targets, password))
    }

    /// The publisher on IPFS of a station with the state folder `state`, which listens on the address `listens`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a wrong address; those of [`IpfsPublisher::open`].
    pub fn ipfs(&self, state: &Path, listens: SocketAddr, https: bool) -> Result<IpfsPublisher, Error> {
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
        IpfsPublisher::open(state, addresses)
    }
}
