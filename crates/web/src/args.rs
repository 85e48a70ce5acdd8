//! Flags that servers have in common, to be flattened into their command lines.

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

/// Where to listen.
#[derive(Clone, Debug, Args)]
pub struct ListenArgs {
    /// Address to listen on, or a name of this machine; 0.0.0.0 is everybody on the network
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = address)]
    pub bind: IpAddr,
    /// Port to listen on; 0 takes a free one and says which
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub port: u16,
    /// Path in front of all addresses, behind a proxy that keeps it: /music
    #[arg(long, value_name = "PATH", default_value_t, hide_default_value = true)]
    pub base_path: BasePath,
    /// Another name that requests may come for, where only those for this machine are answered: behind a proxy that keeps the
    /// host, while listening on a loopback address without a token (may be given several times)
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
    /// Address and port.
    pub const fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.bind, self.port)
    }

    /// The hosts that requests may be for. A server for this machine alone that asks for no secret has to know them: its browsers
    /// could be led to it by pages of others.
    pub fn hosts(&self, has_token: bool) -> Hosts {
        if self.bind.is_loopback() && !has_token { Hosts::of_this_machine(&self.allow_host) } else { Hosts::ANY }
    }

    /// What to encrypt with, if the addresses are to be `https:`.
    ///
    /// # Errors
    /// As [`TlsIdentity::read`].
    pub fn identity(&self) -> Result<Option<Arc<TlsIdentity>>, TlsError> {
        let files = self.tls_cert.as_deref().zip(self.tls_key.as_deref());
        files.map(|(certificate, key)| TlsIdentity::read(certificate, key)).transpose()
    }
}

/// An address, or the first of a name, those of IPv4 before others.
fn address(text: &str) -> Result<IpAddr, String> {
    if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse() {
        return Ok(address);
    }
    let found = (text, 0).to_socket_addrs().map(|found| found.map(|found| found.ip()).min_by_key(IpAddr::is_ipv6));
    let way_out = "give an address like 127.0.0.1 or 0.0.0.0, or a name of this machine like localhost";
    match found {
        Ok(Some(address)) => Ok(address),
        Ok(None) => Err(format!("it has no address: {way_out}")),
        Err(error) => Err(format!("{error}: {way_out}")),
    }
}

/// What clients may do.
#[derive(Clone, Debug, Args)]
pub struct AccessArgs {
    /// Streams that may be sent at once; one that nobody reads does not count. A client may have as many as are left for others:
    /// alone half of them, one of two a third. Addresses of one IPv6 /64 are one client
    #[arg(long, value_name = "N", default_value = "512")]
    pub max_streams: NonZeroUsize,
    /// Connections that may be open at once; those that are idle or read nothing give way. A client may have as many as are left
    /// for others. /healthz and /metrics are answered beyond this limit
    #[arg(long, value_name = "N", default_value = "1024")]
    pub max_connections: NonZeroUsize,
    /// Proxy in front of this server (repeatable): the client is then the last address of X-Forwarded-For that is no such proxy
    #[arg(long, value_name = "ADDRESS|NETWORK", value_parser = network::parse)]
    pub trusted_proxy: Vec<IpNet>,
    /// Secret that every request must bring
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

impl AccessArgs {
    /// So many connections, with the limits that every server has.
    pub fn connections(&self) -> Connections {
        Connections::new(self.max_connections.get(), Limits::default(), Proxies::new(self.trusted_proxy.clone()))
    }

    /// The secret, if there is one.
    ///
    /// # Errors
    /// As [`Token::new`].
    pub fn token(&self) -> Result<Option<Token>, String> {
        self.token.as_deref().map(Token::new).transpose()
    }
}

/// A command line with [`AccessArgs`] whose `--token` may also come from a variable of the environment, so that it need not stand in
/// a list of processes.
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
