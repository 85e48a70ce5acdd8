//! Serving connections: at most so many, each in a task of its own.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower::Service;

use crate::tls::Identity;
use crate::unreadable::Worded;

/// How long to wait when the system has no more handles.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a client may take to agree on encryption.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Serves HTTP/1.1, encrypted when there is an identity, to at most `connections` at once until `stop` comes to its end; further
/// connections wait in the system's queue. What is being sent then is broken off with the runtime.
///
/// # Errors
/// When there is no way to encrypt with the identity.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    connections: usize,
    identity: Option<Arc<Identity>>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let tls = identity.as_ref().map(Identity::acceptor).transpose().map_err(io::Error::other)?;
    let renewal = async {
        match identity {
            Some(identity) => identity.renew().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = accept_all(&router, &listener, connections, tls.as_ref()) => {}
        () = renewal => {}
        () = stop => {}
    }
    Ok(())
}

async fn accept_all(router: &Router, listener: &TcpListener, connections: usize, tls: Option<&TlsAcceptor>) {
    let free = Arc::new(Semaphore::new(connections));
    // The semaphore is never closed.
    while let Ok(permit) = free.clone().acquire_owned().await {
        let stream = accept(listener).await;
        let (router, tls) = (router.clone(), tls.cloned());
        tokio::spawn(async move {
            let _permit = permit;
            match tls {
                None => answer(stream, router).await,
                Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                    Ok(Ok(stream)) => answer(stream, router).await,
                    Ok(Err(error)) => tracing::debug!("a connection could not be encrypted: {error}"),
                    Err(_) => tracing::debug!("a connection was not encrypted within {HANDSHAKE:?}"),
                },
            }
        });
    }
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Small answers leave at once; without it they only leave later.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Answers the requests of a connection, until it is closed.
async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, router: Router) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut router = router.clone();
        async move { Ok::<_, Infallible>(router.call(request).await.unwrap_or_else(|never| match never {})) }
    });
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(Worded::new(stream)), service).await {
        tracing::debug!("a connection ended: {error}");
    }
}
