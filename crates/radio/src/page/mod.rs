//! The pages of the station: for listeners, a button to listen, what plays and what comes; for the operator, its state and controls.
//!
//! `hls.light.min.mjs` is hls.js (<https://github.com/video-dev/hls.js>) under the Apache License 2.0, which is in `hls.js.LICENSE`.

use axum::Router;
use crowd_web::assets::{self, Asset, HTML, SCRIPT, STYLE, SVG};
use crowd_web::page::ASK;

const FILES: [Asset; 16] = [
    Asset::new("/", HTML, include_str!("index.html")),
    Asset::new("/page/page.css", STYLE, include_str!("page.css")),
    Asset::new("/page/icon.svg", SVG, include_str!("icon.svg")),
    Asset::new("/page/page.js", SCRIPT, include_str!("page.js")),
    Asset::new("/operator", HTML, include_str!("operator.html")),
    Asset::new("/page/operator.css", STYLE, include_str!("operator.css")),
    Asset::new("/page/operator.js", SCRIPT, include_str!("operator.js")),
    Asset::new("/page/panels.js", SCRIPT, include_str!("panels.js")),
    Asset::new("/page/requests.js", SCRIPT, include_str!("requests.js")),
    Asset::new("/page/window.js", SCRIPT, include_str!("window.js")),
    Asset::new("/page/plot.js", SCRIPT, include_str!("plot.js")),
    Asset::new("/page/text.js", SCRIPT, include_str!("text.js")),
    Asset::new("/page/levels.js", SCRIPT, include_str!("levels.js")),
    ASK,
    Asset::new("/page/player.js", SCRIPT, include_str!("player.js")),
    Asset::new("/page/hls.light.min.mjs", SCRIPT, include_str!("hls.light.min.mjs")),
];

/// The routes of the page.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    assets::routes(&FILES)
}
