//! Flags that servers have in common. A server flattens these structs into its command line.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Command};
use crowd_cli::network::{self, IpNet};

use crate::base_path::BasePath;
use crate::client::Proxies;
use crate::connections::{Connections, Limits};
use crate::host::Hosts;
use crate::tls_identity::{TlsError, TlsIdentity};
use crate::token::Token;

/// The flags that say where a server listens.
#[derive(Clone, Debug, Args)]
pub struct ListenArgs {
    /// Address to listen on, or a name of this machine; 0.0.0.0 listens on every network
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = address)]
    pub bind: IpAddr,
    /// Port to listen on; with 0 a free one is chosen and logged
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub port: u16,
    /// First part of the path of every URL, when a proxy passes it on unchanged: /music
    #[arg(long, value_name = "PATH", default_value_t, hide_default_value = true)]
    pub base_path: BasePath,
    /// Another host name that requests may be for (repeatable). Without a token a server on a loopback address answers only
    /// requests for localhost; a proxy that passes the Host header on needs its name here
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,
    /// Certificate to serve HTTPS with (PEM: the server's own first, then the intermediate ones)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key of --tls-cert (PEM, without a passphrase)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

impl ListenArgs {
    /// The address and the port.
    pub const fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.bind, self.port)
    }

    /// The hosts that requests may be for. They are restricted when the server listens on a loopback address without a token,
    /// because a page of another site could otherwise make a browser on this machine send requests to it.
    pub fn hosts(&self, has_token: bool) -> Hosts {
        if self.bind.is_loopback() && !has_token { Hosts::of_this_machine(&self.allow_host) } else { Hosts::ANY }
    }

    /// The certificate and the key, when the server is to use HTTPS.
    ///
    /// # Errors
    /// The errors of [`TlsIdentity::read`].
    pub fn identity(&self) -> Result<Option<Arc<TlsIdentity>>, TlsError> {
        let files = self.tls_cert.as_deref().zip(self.tls_key.as_deref());
        files.map(|(certificate, key)| TlsIdentity::read(certificate, key)).transpose()
    }
}

/// Parses an address, or resolves a name to its first address, IPv4 before IPv6.
fn address(text: &str) -> Result<IpAddr, String> {
    if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse() {
        return Ok(address);
    }
    let addresses = (text, 0).to_socket_addrs();
    let resolved = addresses.map(|all| all.map(|address| address.ip()).min_by_key(IpAddr::is_ipv6));
    let advice = "give an address like 127.0.0.1 or 0.0.0.0, or a name of this machine like localhost";
    match resolved {
        Ok(Some(address)) => Ok(address),
        Ok(None) => Err(format!("it has no address: {advice}")),
        Err(error) => Err(format!("{error}: {advice}")),
    }
}

/// The flags that limit clients.
#[derive(Clone, Debug, Args)]
pub struct AccessArgs {
    /// Streams that may be sent at once; a stream that the client does not read does not count. A client may have as many as it
    /// leaves free for others: one client half of them, two clients a third each. Addresses of one IPv6 /64 are one client
    #[arg(long, value_name = "N", default_value = "512")]
    pub max_streams: NonZeroUsize,
    /// Connections that may be open at once; those that are idle or not read are closed when there is no room. A client may have
    /// as many as it leaves free for others. /healthz and /metrics are answered beyond this limit
    #[arg(long, value_name = "N", default_value = "1024")]
    pub max_connections: NonZeroUsize,
    /// Address or network of a proxy that forwards requests to this server (repeatable): the client is the last address of
    /// X-Forwarded-For that is not one of these
    #[arg(long, value_name = "ADDRESS|NETWORK", value_parser = network::parse)]
    pub trusted_proxy: Vec<IpNet>,
    /// Secret that every request must contain
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

impl AccessArgs {
    /// The connections that these flags allow, with the default limits.
    pub fn connections(&self) -> Connections {
        Connections::new(self.max_connections.get(), Limits::default(), Proxies::new(self.trusted_proxy.clone()))
    }

    /// The secret, if there is one.
    ///
    /// # Errors
    /// The errors of [`Token::new`].
    pub fn token(&self) -> Result<Option<Token>, String> {
        self.token.as_deref().map(Token::new).transpose()
    }
}

/// Changes a command line with [`AccessArgs`] so that `--token` may also come from an environment variable. The secret is then not
/// shown in the list of processes.
#[must_use]
pub fn token_from_env(command: Command, variable: &'static str) -> Command {
    command.mut_args(|arg| if arg.get_id() == "token" { arg.env(variable) } else { arg })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_a_name() {
        assert_eq!(address("localhost").unwrap(), IpAddr::from([127, 0, 0, 1]));
        assert!(address("::1").unwrap().is_ipv6() && address("[::1]").unwrap().is_ipv6());
        for wrong in ["", "no such name", "1.2.3.4.5"] {
            assert!(address(wrong).unwrap_err().contains("give an address like"), "{wrong}");
        }
    }
}
