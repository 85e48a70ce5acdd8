//! Requests, on their way from a connection to what answers them.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use tokio_rustls::TlsAcceptor;
use tower::Service;

use crate::answering::Answering;
use crate::connections::{Connections, Entry};
use crate::problem::Problem;
use crate::request_body::{TooSlow, timed};

/// What all connections of a server have in common.
pub struct Shared {
    pub router: Router,
    /// Paths that are answered on connections of the reserve.
    pub vital: Vec<String>,
    pub tls: Option<TlsAcceptor>,
    pub connections: Connections,
}

/// Answers a request; one of the reserve only when it asks how the server is.
pub async fn respond(
    request: hyper::Request<Incoming>,
    peer: IpAddr,
    entry: &Entry,
    shared: &Shared,
) -> Result<Response, Infallible> {
    entry.connection.asked();
    let answering = Answering::new(entry.connection.clone());
    let response = if entry.reserved && !shared.vital.iter().any(|path| path == request.uri().path()) {
        let problem = "all connections are in use, or all that one address may have; try again in a moment";
        closing(Problem::new(StatusCode::SERVICE_UNAVAILABLE, problem))
    } else {
        route(request, peer, shared).await
    };
    Ok(response.map(|body| answering.until_end_of(body)))
}

async fn route(mut request: hyper::Request<Incoming>, peer: IpAddr, shared: &Shared) -> Response {
    let client = shared.connections.proxies().client(peer, request.headers());
    request.extensions_mut().insert(client);
    let mut late = None;
    let request = request.map(|body| {
        let (body, is_late) = timed(body, shared.connections.limits().body);
        late = Some(is_late);
        body
    });
    let response = shared.router.clone().call(request).await.unwrap_or_else(|never| match never {});
    if late.is_some_and(|late| late.load(Ordering::Relaxed)) {
        let problem = TooSlow(shared.connections.limits().body).to_string();
        return closing(Problem::new(StatusCode::REQUEST_TIMEOUT, problem));
    }
    response
}

/// An answer after which the connection is closed.
fn closing(problem: Problem) -> Response {
    let mut response = problem.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
