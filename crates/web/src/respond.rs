//! Passes a request from its connection to the router, and the response back.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use tokio_rustls::TlsAcceptor;
use tower::Service;

use crate::connections::{Connections, CountedConnection};
use crate::guarded_body::guarded;
use crate::problem::Problem;
use crate::request_body::{BodyTooSlow, timed_body};
use crate::response_guard::ResponseGuard;

/// The state that all connections of a server share.
pub struct ServerState {
    pub router: Router,
    /// The paths that are served on reserve connections.
    pub vital_paths: Vec<String>,
    pub tls: Option<TlsAcceptor>,
    pub connections: Connections,
}

/// Responds to a request. On a reserve connection only the vital paths are served.
pub async fn respond(
    request: hyper::Request<Incoming>,
    peer: IpAddr,
    counted: &CountedConnection,
    server: &ServerState,
) -> Result<Response, Infallible> {
    counted.connection.head_complete();
    let guard = ResponseGuard::new(counted.connection.clone());
    let response = if counted.reserved && !server.vital_paths.iter().any(|path| path == request.uri().path()) {
        let problem = "all connections are in use, or all that one address may have; try again in a moment";
        with_close(Problem::new(StatusCode::SERVICE_UNAVAILABLE, problem))
    } else {
        route(request, peer, server).await
    };
    Ok(response.map(|body| guarded(body, guard)))
}

async fn route(mut request: hyper::Request<Incoming>, peer: IpAddr, server: &ServerState) -> Response {
    let client = server.connections.proxies().client(peer, request.headers());
    request.extensions_mut().insert(client);
    let mut late = None;
    let request = request.map(|body| {
        let (body, is_late) = timed_body(body, server.connections.limits().body);
        late = Some(is_late);
        body
    });
    let response = server.router.clone().call(request).await.unwrap_or_else(|never| match never {});
    if late.is_some_and(|late| late.load(Ordering::Relaxed)) {
        let problem = BodyTooSlow(server.connections.limits().body).to_string();
        return with_close(Problem::new(StatusCode::REQUEST_TIMEOUT, problem));
    }
    response
}

/// A response after which the connection is closed.
fn with_close(problem: Problem) -> Response {
    let mut response = problem.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
