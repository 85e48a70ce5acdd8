//! The page: files that are part of the program, and need nothing but it.

use axum::Router;
use crowd_web::assets::{self, Asset, HTML, SCRIPT, STYLE, SVG};
use crowd_web::page::{ASK, WAV};

const FILES: [Asset; 12] = [
    Asset::new("/", HTML, include_str!("index.html")),
    Asset::new("/page/style.css", STYLE, include_str!("style.css")),
    Asset::new("/page/icon.svg", SVG, include_str!("icon.svg")),
    Asset::new("/page/app.js", SCRIPT, include_str!("app.js")),
    Asset::new("/page/api.js", SCRIPT, include_str!("api.js")),
    Asset::new("/page/abx.js", SCRIPT, include_str!("abx.js")),
    Asset::new("/page/player.js", SCRIPT, include_str!("player.js")),
    Asset::new("/page/voice.js", SCRIPT, include_str!("voice.js")),
    Asset::new("/page/tracks.js", SCRIPT, include_str!("tracks.js")),
    Asset::new("/page/waveform.js", SCRIPT, include_str!("waveform.js")),
    ASK,
    WAV,
];

/// The page and its files. None of them is a secret: requests for the rest need the token.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    assets::routes(&FILES)
}
