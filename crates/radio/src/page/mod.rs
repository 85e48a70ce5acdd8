//! The page of the station: a button to listen, what plays and what comes.
//!
//! `hls.light.min.mjs` is hls.js (<https://github.com/video-dev/hls.js>) under the Apache License 2.0, which is in `hls.js.LICENSE`.

use axum::Router;
use crowd_web::assets::{self, Asset, HTML, SCRIPT, STYLE, SVG};

const FILES: [Asset; 6] = [
    Asset::new("/", HTML, include_str!("index.html")),
    Asset::new("/page/page.css", STYLE, include_str!("page.css")),
    Asset::new("/page/icon.svg", SVG, include_str!("icon.svg")),
    Asset::new("/page/page.js", SCRIPT, include_str!("page.js")),
    Asset::new("/page/player.js", SCRIPT, include_str!("player.js")),
    Asset::new("/page/hls.light.min.mjs", SCRIPT, include_str!("hls.light.min.mjs")),
];

/// The routes of the page.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    assets::routes(&FILES)
}
