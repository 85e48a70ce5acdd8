//! The messages as JSON: one object in a line, in both directions.
//!
//! The messages are those of Lyria RealTime. Names are written in camelCase, and read in camelCase and snake_case.
//! `docs/music-provider.md` has the protocol.

mod audio;
mod client;
mod config;
mod names;
mod server;

pub use audio::{decode, encode, mime_type, read_mime_type};
pub use client::{ClientContent, ClientMessage, Setup, WirePrompt};
pub use config::WireConfig;
pub use names::{key_name, parent_scale, scale_name, scale_of};
pub use server::{FilteredPrompt, ServerContent, ServerMessage, SetupComplete, WireChunk, WireMark, WireSource};
