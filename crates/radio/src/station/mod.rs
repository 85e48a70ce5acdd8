//! The time of the station, and what it has published.

mod clock;
mod publisher;
mod saved_state;
mod segment_grid;

pub use clock::{Reading, StationClock};
pub use publisher::{Published, Publisher, Segment, StationSettings};
pub use saved_state::{SavedState, StateFolder};
pub use segment_grid::SegmentGrid;
