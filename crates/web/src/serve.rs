//! Accepting and serving connections, each in its own task.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::connections::{Connections, CountedConnection, LingeringStream, MonitoredStream};
use crate::error_body::{ErrorBodyStream, no_http_2};
use crate::respond::{ServerState, respond};
use crate::tls_identity::TlsIdentity;

/// The pause after a connection could not be accepted, for example because the system has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The shortest time between two warnings about connections that were not accepted.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

/// The size of the buffer for the head of a request, and about the size of the buffer for a response. A longer head is refused.
const BUFFER: usize = 64 << 10;

/// The most bytes of a response that the system buffers before they are sent. With a larger buffer, a player that reads slowly could
/// not be distinguished from a paused one.
const UNSENT: u32 = 128 << 10;

/// The service on a listener.
pub struct HttpService {
    /// The router of the requests.
    pub router: Router,
    /// The paths that are served on reserve connections too, for a supervisor that checks the health of the server.
    pub vital_paths: Vec<String>,
    /// The certificate and key; without them connections are not encrypted.
    pub identity: Option<Arc<TlsIdentity>>,
}

/// Serves HTTP/1.1 until `stop` completes. Every request has its [`crate::Client`] as an extension. Responses that are being sent
/// when `stop` completes continue until the runtime ends.
///
/// # Errors
/// When the identity cannot be used for TLS.
pub async fn serve(
    service: HttpService,
    listener: TcpListener,
    connections: Connections,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let HttpService { router, vital_paths, identity } = service;
    let tls = identity.as_ref().map(TlsIdentity::acceptor).transpose().map_err(io::Error::other)?;
    let server = Arc::new(ServerState { router, vital_paths, tls, connections });
    let watch_identity = async {
        match identity {
            Some(identity) => identity.watch().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = accept_all(&server, &listener) => {}
        () = server.connections.close_overdue() => {}
        () = watch_identity => {}
        () = stop => {}
    }
    Ok(())
}

async fn accept_all(server: &Arc<ServerState>, listener: &TcpListener) {
    let mut last_warning: Option<Instant> = None;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Some(counted) = server.connections.enter(peer.ip()) else { continue };
                let server = server.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = serve_connection(stream, peer.ip(), &counted, &server) => {}
                        () = counted.connection.immediate_close() => tracing::debug!("a connection from {peer} was closed"),
                    }
                });
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                if last_warning.is_none_or(|last| last.elapsed() >= WARNING_INTERVAL) {
                    tracing::warn!("cannot accept connections: {error}");
                    last_warning = Some(Instant::now());
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves a connection until it is closed, after the TLS handshake if there is one.
async fn serve_connection(stream: TcpStream, peer: IpAddr, counted: &CountedConnection, server: &Arc<ServerState>) {
    if let Err(error) = set_options(&stream) {
        tracing::debug!("the options of a connection could not be set: {error}");
    }
    let stream = MonitoredStream::new(stream, counted.connection.clone());
    match &server.tls {
        None => serve_requests(stream, peer, counted, server).await,
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => {
                counted.connection.tls_ready();
                serve_requests(stream, peer, counted, server).await;
            }
            Err(error) => tracing::debug!("a connection could not be encrypted: {error}"),
        },
    }
}

fn set_options(stream: &TcpStream) -> io::Result<()> {
    // Small responses are sent at once.
    stream.set_nodelay(true)?;
    // A client that has gone without closing its connection is detected within two minutes.
    let probes = TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(15));
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&probes.with_retries(4))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(UNSENT)?;
    Ok(())
}

/// Serves the requests of a connection until it is closed.
async fn serve_requests(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: IpAddr,
    counted: &CountedConnection,
    server: &Arc<ServerState>,
) {
    let service = service_fn(|request| Box::pin(respond(request, peer, counted, server)));
    // The time limit of hyper for a head also runs between requests. It is not used, because `Connections` has a limit.
    let mut http = http1::Builder::new();
    http.max_buf_size(BUFFER).max_header_size(BUFFER).keep_alive(!counted.reserved);
    let mut connection =
        http.serve_connection(TokioIo::new(LingeringStream::new(ErrorBodyStream::new(stream))), service);
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        () = counted.connection.graceful_close() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let Err(error) = ended else { return };
    tracing::debug!("a connection ended: {error}");
    if error.is_parse_version_h2() {
        let mut stream = connection.into_parts().io.into_inner();
        // Errors are ignored, because the client may have gone.
        let _ = async { stream.write_all(no_http_2().as_bytes()).await.and(stream.shutdown().await) }.await;
    }
}
