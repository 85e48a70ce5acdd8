//! Listening on an address, and serving until told to stop.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::connections::Connections;

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}; give another --port or --bind")]
pub struct Unavailable {
    /// The address.
    pub address: SocketAddr,
    /// The system's words: it is in use already, say.
    pub source: io::Error,
}

/// Listens on an address; port 0 is a free one.
///
/// # Errors
/// [`Unavailable`].
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Unavailable> {
    TcpListener::bind(address).await.map_err(|source| Unavailable { address, source })
}

/// Serves at most `connections` at once until SIGINT or SIGTERM; what is being sent then is broken off.
///
/// # Errors
/// When the address cannot be listened on any more.
pub async fn serve(router: Router, listener: TcpListener, connections: usize) -> io::Result<()> {
    let served = axum::serve(Connections::new(listener, connections), router);
    tokio::select! {
        result = async { served.await } => result,
        () = stop() => Ok(()),
    }
}

async fn stop() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_in_use_is_named_with_the_way_out() {
        let first = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = first.local_addr().unwrap();
        let error = listen(address).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot listen on {address}: ")), "{error}");
        assert!(error.ends_with("; give another --port or --bind"), "{error}");
    }
}
