//! Flags that servers have in common, to be flattened into their command lines.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Command};

use crate::base_path::BasePath;
use crate::tls::{Identity, TlsError};
use crate::token::Token;

/// Where to listen.
#[derive(Clone, Debug, Args)]
pub struct Address {
    /// Address to listen on; 0.0.0.0 is everybody on the network
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// Port to listen on; 0 takes a free one and says which
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub port: u16,
    /// Path in front of all addresses, behind a proxy that keeps it: /music
    #[arg(long, value_name = "PATH", default_value_t, hide_default_value = true)]
    pub base_path: BasePath,
    /// Certificate to serve HTTPS with (PEM: the server's own first, then the intermediate ones)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key of --tls-cert (PEM, without a passphrase)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

impl Address {
    /// Address and port.
    pub const fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.bind, self.port)
    }

    /// What to encrypt with, if the addresses are to be `https:`.
    ///
    /// # Errors
    /// As [`Identity::read`].
    pub fn identity(&self) -> Result<Option<Arc<Identity>>, TlsError> {
        let files = self.tls_cert.as_deref().zip(self.tls_key.as_deref());
        files.map(|(certificate, key)| Identity::read(certificate, key)).transpose()
    }
}

/// What clients may do.
#[derive(Clone, Debug, Args)]
pub struct Access {
    /// Streams that may be open at once
    #[arg(long, value_name = "N", default_value = "512")]
    pub max_streams: NonZeroUsize,
    /// Connections that may be open at once
    #[arg(long, value_name = "N", default_value = "1024")]
    pub max_connections: NonZeroUsize,
    /// Secret that every request must bring
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

impl Access {
    /// The secret, if there is one.
    ///
    /// # Errors
    /// As [`Token::new`].
    pub fn token(&self) -> Result<Option<Token>, String> {
        self.token.as_deref().map(Token::new).transpose()
    }
}

/// A command line with [`Access`] whose `--token` may also come from a variable of the environment, so that it need not stand in
/// a list of processes.
#[must_use]
pub fn token_from(command: Command, variable: &'static str) -> Command {
    command.mut_args(|arg| if arg.get_id() == "token" { arg.env(variable) } else { arg })
}
