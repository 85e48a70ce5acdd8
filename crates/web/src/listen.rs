//! Listening on an address.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// An address on which the server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}; give another --port or --bind")]
pub struct ListenError {
    /// The address.
    pub address: SocketAddr,
    /// The error of the system: the address is in use already, for example.
    pub source: io::Error,
}

/// Listens on an address. With port 0 the system chooses a free one.
///
/// # Errors
/// [`ListenError`].
pub async fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|source| ListenError { address, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_in_use_is_named_with_advice() {
        let first = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = first.local_addr().unwrap();
        let error = listen(address).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot listen on {address}: ")), "{error}");
        assert!(error.ends_with("; give another --port or --bind"), "{error}");
    }
}
