//! Export: whole tracks, or spans of them, at another tempo, rendered on every core.

mod analysis_threads;
mod stretched;
mod time_map;

pub use stretched::{export, export_with_progress};
pub use time_map::TimeMap;
