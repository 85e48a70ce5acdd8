#![forbid(unsafe_code)]
//! Mastered versions of any track, streamed while they are made.

pub mod analysis;
pub mod cli;
mod error;
pub mod hashes;
pub mod http;
pub mod jobs;
pub mod layout;
pub mod maker;
pub mod master;
pub mod measure;
mod named;
pub mod overview;
pub mod page;
pub mod preset;
pub mod render;
pub mod rendition;
pub mod serve;
pub mod turns;
pub mod uploads;

pub use error::Error;
