//! The paths of IPFS: content by its CID, what the name of the station stands for, and delegated routing.

use std::sync::PoisonError;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use crowd_ipfs::Request;
use crowd_web::Problem;

use super::app::SharedApp;
use super::stream::CORS;
use crate::publish::SharedGateway;

/// The routes; none for a station that does not publish on IPFS.
pub fn routes(gateway: Option<SharedGateway>) -> Router<SharedApp> {
    let Some(gateway) = gateway else { return Router::new() };
    let paths = ["/ipfs/{*path}", "/ipns/{*path}", "/routing/v1/{*path}"];
    let router = paths.into_iter().fold(Router::new(), |router, path| router.route(path, get(answer)));
    Router::new().merge(router.with_state(gateway))
}

async fn answer(State(gateway): State<SharedGateway>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let request = Request { target, accept: text(header::ACCEPT), if_none_match: text(header::IF_NONE_MATCH) };
    let answer = gateway.read().unwrap_or_else(PoisonError::into_inner).respond(&request);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let failed = |error: std::io::Error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
    // All content is in memory.
    let bytes = answer.body.read().map_err(failed)?;
    let mut response = (status, Body::from(Bytes::from(bytes))).into_response();
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(CORS.0, HeaderValue::from_static(CORS.1));
    Ok(response)
}
