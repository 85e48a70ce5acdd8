//! JavaScript modules that several pages use. A page lists the modules that it imports among its own [`assets`](crate::assets). Its
//! own modules are served under `/page` too, and import these by their names.

use crate::assets::{Asset, SCRIPT};

/// `./ask.js`: requests to the server, with the token where one is needed; its errors and events.
pub const ASK: Asset = Asset::new("/page/ask.js", SCRIPT, include_str!("page/ask.js"));

/// `./wav.js`: decodes WAV as servers send it, 16-bit stereo after a RIFF or RF64 header, into buffers of Web Audio.
pub const WAV: Asset = Asset::new("/page/wav.js", SCRIPT, include_str!("page/wav.js"));
