//! The files of the page, which are compiled into the program. They load nothing from other servers.

use axum::Router;
use crowd_web::assets::{self, Asset, HTML, SCRIPT, STYLE, SVG};
use crowd_web::page::{ASK, WAV};

const FILES: [Asset; 30] = [
    Asset::new("/", HTML, include_str!("index.html")),
    Asset::new("/page/base.css", STYLE, include_str!("base.css")),
    Asset::new("/page/player.css", STYLE, include_str!("player.css")),
    Asset::new("/page/sound.css", STYLE, include_str!("sound.css")),
    Asset::new("/page/library.css", STYLE, include_str!("library.css")),
    Asset::new("/page/dialogs.css", STYLE, include_str!("dialogs.css")),
    Asset::new("/page/icon.svg", SVG, include_str!("icon.svg")),
    Asset::new("/page/abx.js", SCRIPT, include_str!("abx.js")),
    Asset::new("/page/api.js", SCRIPT, include_str!("api.js")),
    Asset::new("/page/app.js", SCRIPT, include_str!("app.js")),
    Asset::new("/page/cover.js", SCRIPT, include_str!("cover.js")),
    Asset::new("/page/error_messages.js", SCRIPT, include_str!("error_messages.js")),
    Asset::new("/page/faults.js", SCRIPT, include_str!("faults.js")),
    Asset::new("/page/keys.js", SCRIPT, include_str!("keys.js")),
    Asset::new("/page/library.js", SCRIPT, include_str!("library.js")),
    Asset::new("/page/loudness.js", SCRIPT, include_str!("loudness.js")),
    Asset::new("/page/media.js", SCRIPT, include_str!("media.js")),
    Asset::new("/page/player.js", SCRIPT, include_str!("player.js")),
    Asset::new("/page/presets.js", SCRIPT, include_str!("presets.js")),
    Asset::new("/page/queue.js", SCRIPT, include_str!("queue.js")),
    Asset::new("/page/queue_list.js", SCRIPT, include_str!("queue_list.js")),
    Asset::new("/page/row.js", SCRIPT, include_str!("row.js")),
    Asset::new("/page/rows.js", SCRIPT, include_str!("rows.js")),
    Asset::new("/page/tabs.js", SCRIPT, include_str!("tabs.js")),
    Asset::new("/page/tracks.js", SCRIPT, include_str!("tracks.js")),
    Asset::new("/page/upload_area.js", SCRIPT, include_str!("upload_area.js")),
    Asset::new("/page/voice.js", SCRIPT, include_str!("voice.js")),
    Asset::new("/page/waveform.js", SCRIPT, include_str!("waveform.js")),
    ASK,
    WAV,
];

/// The routes of the page and its files. They contain no secrets and need no token.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    assets::routes(&FILES)
}
