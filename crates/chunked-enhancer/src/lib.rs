#![forbid(unsafe_code)]
//! Mastered versions of any track, streamed while they are made.

pub mod analysis;
pub mod layout;
pub mod master;
pub mod preset;
pub mod store;
