//! Whole tracks, and parts of them, at another tempo: made on every core, and not while they play.

mod course;
mod lookout;
mod stretched;

pub use course::Course;
pub use stretched::{export, export_with_progress};
