//! HttpService connections, each in a task of its own.

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

/// How long to wait when the system has no more handles.
const PAUSE: Duration = Duration::from_millis(100);

/// No more often than this is it told that the system has no more handles.
const TOLD: Duration = Duration::from_secs(60);

/// Bytes that a connection keeps of a request's head, and about as many of an answer; a head of more is refused.
const BUFFER: usize = 64 << 10;

/// Bytes that the system keeps of an answer and has not sent. With more, a player that reads slowly would look like one that is
/// paused.
const UNSENT: u32 = 128 << 10;

/// What is served.
pub struct HttpService {
    /// What answers.
    pub router: Router,
    /// Paths that are answered beyond the limit of connections too: those by which a supervisor sees how the server is.
    pub vital_paths: Vec<String>,
    /// What to encrypt with; without it connections are not encrypted.
    pub identity: Option<Arc<TlsIdentity>>,
}

/// Serves HTTP/1.1 until `stop` comes to its end. Requests carry their [`crate::Client`] as an extension. What is being sent then is
/// broken off with the runtime.
///
/// # Errors
/// When there is no way to encrypt with the identity.
pub async fn serve(
    serving: HttpService,
    listener: TcpListener,
    connections: Connections,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let HttpService { router, vital_paths, identity } = serving;
    let tls = identity.as_ref().map(TlsIdentity::acceptor).transpose().map_err(io::Error::other)?;
    let shared = Arc::new(ServerState { router, vital_paths, tls, connections });
    let renewal = async {
        match identity {
            Some(identity) => identity.renew().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = accept_all(&shared, &listener) => {}
        () = shared.connections.close_overdue() => {}
        () = renewal => {}
        () = stop => {}
    }
    Ok(())
}

async fn accept_all(shared: &Arc<ServerState>, listener: &TcpListener) {
    let mut told: Option<Instant> = None;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Some(entry) = shared.connections.enter(peer.ip()) else { continue };
                let shared = shared.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = talk(stream, peer.ip(), &entry, &shared) => {}
                        () = entry.connection.immediate_close() => tracing::debug!("a connection from {peer} was closed"),
                    }
                });
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                if told.is_none_or(|told| told.elapsed() >= TOLD) {
                    tracing::warn!("cannot accept connections: {error}");
                    told = Some(Instant::now());
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Speaks with a client until its connection is closed.
async fn talk(stream: TcpStream, peer: IpAddr, entry: &CountedConnection, shared: &Arc<ServerState>) {
    if let Err(error) = prepare(&stream) {
        tracing::debug!("a connection could not be prepared: {error}");
    }
    let stream = MonitoredStream::new(stream, entry.connection.clone());
    match &shared.tls {
        None => answer(stream, peer, entry, shared).await,
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => {
                entry.connection.tls_ready();
                answer(stream, peer, entry, shared).await;
            }
            Err(error) => tracing::debug!("a connection could not be encrypted: {error}"),
        },
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    // Small answers leave at once; without it they only leave later.
    stream.set_nodelay(true)?;
    // A client that is gone without a word is noticed within two minutes.
    let probes = TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(15));
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&probes.with_retries(4))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(UNSENT)?;
    Ok(())
}

/// ResponseCounts the requests of a connection, until it is closed.
async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: IpAddr,
    entry: &CountedConnection,
    shared: &Arc<ServerState>,
) {
    let service = service_fn(|request| Box::pin(respond(request, peer, entry, shared)));
    // Its own limit of a head's time runs between requests too, so `Connections` has one.
    let mut http = http1::Builder::new();
    http.max_buf_size(BUFFER).max_header_size(BUFFER).keep_alive(!entry.reserved);
    let mut connection =
        http.serve_connection(TokioIo::new(LingeringStream::new(ErrorBodyStream::new(stream))), service);
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        () = entry.connection.graceful_close() => None,
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
        // A client that is gone is told nothing.
        let _ = async { stream.write_all(no_http_2().as_bytes()).await.and(stream.shutdown().await) }.await;
    }
}
