//! The files of web pages that are compiled into the program.

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::entity_tag::{Condition, condition, precondition_failed};

/// The content security policy. A page may load only files of this server and media that its scripts create. It may contain no inline
/// script, and no other page may show it in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Media type of an HTML document.
pub const HTML: &str = "text/html; charset=utf-8";
/// Media type of a JavaScript module.
pub const SCRIPT: &str = "text/javascript; charset=utf-8";
/// Media type of a style sheet.
pub const STYLE: &str = "text/css; charset=utf-8";
/// Media type of an SVG image.
pub const SVG: &str = "image/svg+xml";

/// A file of a page.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// The path at which it is served: "/page/app.js".
    pub path: &'static str,
    /// The media type of the file.
    pub media_type: &'static str,
    /// The text of the file.
    pub text: &'static str,
}

impl Asset {
    /// A file at a path.
    pub const fn new(path: &'static str, media_type: &'static str, text: &'static str) -> Self {
        Self { path, media_type, text }
    }
}

/// A router that serves the files of a page. The responses have entity tags, and a policy that lets the page load nothing from other hosts.
/// The files must contain no secret.
pub fn routes<S: Clone + Send + Sync + 'static>(assets: &'static [Asset]) -> Router<S> {
    assets.iter().fold(Router::new(), |router, asset| {
        let tag = format!("\"{}\"", blake3::hash(asset.text.as_bytes()));
        router.route(asset.path, get(move |headers: HeaderMap| async move { respond(asset, &tag, &headers) }))
    })
}

fn respond(asset: &Asset, tag: &str, request: &HeaderMap) -> Response {
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::ETAG, tag),
        // A client revalidates its copy each time, and the file is sent only when it has changed.
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    match condition(request, Some(tag)) {
        Condition::Met => (headers, asset.text).into_response(),
        Condition::NotModified => (StatusCode::NOT_MODIFIED, headers).into_response(),
        Condition::Failed => precondition_failed(tag).into_response(),
    }
}
