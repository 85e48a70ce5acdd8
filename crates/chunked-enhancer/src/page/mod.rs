//! The page: files that are part of the program, and need nothing but it.

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Nothing but what this server sends: no other host, no script in a document, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

struct File {
    path: &'static str,
    media_type: &'static str,
    text: &'static str,
}

const FILES: [File; 11] = [
    File { path: "/", media_type: HTML, text: include_str!("index.html") },
    File { path: "/page/style.css", media_type: "text/css; charset=utf-8", text: include_str!("style.css") },
    File { path: "/page/icon.svg", media_type: "image/svg+xml", text: include_str!("icon.svg") },
    File { path: "/page/app.js", media_type: SCRIPT, text: include_str!("app.js") },
    File { path: "/page/api.js", media_type: SCRIPT, text: include_str!("api.js") },
    File { path: "/page/abx.js", media_type: SCRIPT, text: include_str!("abx.js") },
    File { path: "/page/player.js", media_type: SCRIPT, text: include_str!("player.js") },
    File { path: "/page/voice.js", media_type: SCRIPT, text: include_str!("voice.js") },
    File { path: "/page/wav.js", media_type: SCRIPT, text: include_str!("wav.js") },
    File { path: "/page/tracks.js", media_type: SCRIPT, text: include_str!("tracks.js") },
    File { path: "/page/waveform.js", media_type: SCRIPT, text: include_str!("waveform.js") },
];

/// The page and its files. None of them is a secret: whoever asks for the rest needs the token.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.iter().fold(Router::new(), |router, file| {
        let tag = format!("\"{}\"", blake3::hash(file.text.as_bytes()));
        router.route(file.path, get(move |headers: HeaderMap| async move { answer(file, &tag, &headers) }))
    })
}

fn answer(file: &File, tag: &str, asked: &HeaderMap) -> Response {
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let same = known.flat_map(|tags| tags.split(',')).any(|known| known.trim().trim_start_matches("W/") == tag);
    let headers = [
        (header::CONTENT_TYPE, file.media_type),
        (header::ETAG, tag),
        // Asked for again after each update of the program, and never in vain.
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let body = if same { (StatusCode::NOT_MODIFIED, "") } else { (StatusCode::OK, file.text) };
    (headers, body).into_response()
}
