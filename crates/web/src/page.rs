//! Modules that pages have in common. A page lists those it imports among its own [`assets`](crate::assets), and its modules, which
//! lie beside them under `/page`, import them by their names.

use crate::assets::{Asset, SCRIPT};

/// `./ask.js`: asking the server, with the token where one is needed, and reading its problems and events.
pub const ASK: Asset = Asset::new("/page/ask.js", SCRIPT, include_str!("page/ask.js"));

/// `./wav.js`: WAV as servers send it, 16-bit stereo behind a RIFF or RF64 header, into buffers of Web Audio.
pub const WAV: Asset = Asset::new("/page/wav.js", SCRIPT, include_str!("page/wav.js"));
