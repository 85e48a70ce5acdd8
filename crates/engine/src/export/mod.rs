//! Tracks at another tempo: whole tracks and spans of them, computed on every core, or block by block ([`Stretcher`]).
//!
//! [`export()`] renders a track along a [`TimeMap`], which has an example.

mod analysis_threads;
mod stretched;
mod stretcher;
mod time_map;

pub use stretched::{export, export_with_progress};
pub use stretcher::Stretcher;
pub use time_map::TimeMap;
