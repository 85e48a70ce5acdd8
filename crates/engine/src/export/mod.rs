//! Tracks at another tempo. [`export()`] renders a whole track or a span of it, and uses every core. A [`Stretcher`] renders
//! block by block. Both play a track along a [`TimeMap`], which has an example.

mod analysis_threads;
mod stretched;
mod stretcher;
mod time_map;

pub use stretched::{export, export_with_progress};
pub use stretcher::Stretcher;
pub use time_map::TimeMap;
