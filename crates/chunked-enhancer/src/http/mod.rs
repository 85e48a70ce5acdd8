//! The server: routes, and what all of them share.

mod answer;
mod api;
mod connections;
mod files;
mod jobs;
mod metrics;
mod order;
mod range;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use crowd_library::{Contents, Library};
use tokio::sync::Semaphore;

pub use answer::Problem;
pub use connections::Connections;

use crate::jobs::Jobs;

/// Bytes of a request's body, at most: what is asked here is short.
const LARGEST_REQUEST: usize = 16 << 10;

/// What is allowed.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Streams that may be open at once.
    pub streams: usize,
    /// Connections that may be open at once.
    pub connections: usize,
    /// Who may ask: whoever sends `Authorization: Bearer` with this.
    pub token: Option<String>,
}

/// All that a request needs.
pub struct App {
    /// The music.
    pub library: Arc<Library>,
    /// What its files hold.
    pub contents: Contents,
    /// The work.
    pub jobs: Jobs,
    limits: Limits,
    token: Option<blake3::Hash>,
    streams: Arc<Semaphore>,
    counts: metrics::Counts,
    started: Instant,
}

impl App {
    /// A server of `library`.
    pub fn new(library: Arc<Library>, jobs: Jobs, limits: Limits) -> Self {
        Self {
            library,
            contents: Contents::default(),
            jobs,
            token: limits.token.as_ref().map(|token| blake3::hash(token.as_bytes())),
            streams: Arc::new(Semaphore::new(limits.streams)),
            limits,
            counts: metrics::Counts::default(),
            started: Instant::now(),
        }
    }
}

type Shared = Arc<App>;

/// The routes.
pub fn router(app: Shared) -> Router {
    Router::new()
        .route("/api/tracks", get(api::tracks))
        .route("/api/tracks/{id}", get(api::track))
        .route("/api/tracks/{id}/cover", get(api::cover))
        .route("/api/tracks/{id}/peaks", get(api::peaks))
        .route("/api/status", get(api::status))
        .route("/api/presets", get(api::presets))
        .route("/api/jobs", get(jobs::all).post(jobs::prepare))
        .route("/api/jobs/{id}", get(jobs::one).delete(jobs::cancel))
        .route("/api/jobs/{id}/events", get(jobs::events))
        .route("/stream/{id}", get(files::stream))
        .route("/original/{id}", get(files::original))
        .route("/metrics", get(metrics::show))
        .layer(middleware::from_fn_with_state(app.clone(), admit))
        // Whether the server lives is no secret, and the page asks for the token itself.
        .merge(crate::page::routes())
        .route("/healthz", get(api::health))
        .fallback(answer::nothing_here)
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .layer(middleware::from_fn_with_state(app.clone(), metrics::count))
        .with_state(app)
}

/// Serves until told to stop; what is being sent then is broken off.
///
/// # Errors
/// When the address cannot be listened on any more.
pub async fn serve(app: Shared, listener: tokio::net::TcpListener) -> std::io::Result<()> {
    let connections = Connections::new(listener, app.limits.connections);
    let router = router(app);
    let served = axum::serve(connections, router);
    tokio::select! {
        result = async { served.await } => result,
        () = stop() => Ok(()),
    }
}

async fn stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
}

/// Lets in who has the token, in a header or, for players that cannot send one, as `access_token` in the URL (RFC 6750).
async fn admit(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let Some(token) = app.token else { return next.run(request).await };
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer =
        header.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let query = || order::value(request.uri().query().unwrap_or_default(), "access_token");
    let given = bearer.map(|(_, token)| token.trim().to_owned()).or_else(query);
    // Hashes are compared in constant time.
    if given.is_some_and(|given| blake3::hash(given.as_bytes()) == token) {
        return next.run(request).await;
    }
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "a token is needed: send it as Authorization: Bearer TOKEN");
    ([(header::WWW_AUTHENTICATE, "Bearer")], problem).into_response()
}
