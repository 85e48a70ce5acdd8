#![forbid(unsafe_code)]
//! Mastered versions of any track, streamed while they are made.

pub mod analysis;
mod choice;
pub mod cli;
mod error;
pub mod http;
pub mod jobs;
pub mod layout;
pub mod maker;
pub mod master;
pub mod measure;
pub mod page;
pub mod permits;
pub mod preset;
pub mod render;
pub mod rendition;
pub mod serve;
pub mod stored_hashes;
pub mod uploads;
pub mod waveform;

pub use error::Error;
