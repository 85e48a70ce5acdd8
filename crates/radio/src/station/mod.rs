//! The time of the station, and what it has published.

mod clock;
mod journal;
mod publisher;
mod replay;
mod saved_state;
mod segment_grid;
mod station_program;

pub use clock::{Reading, StationClock};
pub use publisher::{Published, Publisher, Segment, StationSettings};
pub use saved_state::{SavedState, StateFolder};
pub use segment_grid::SegmentGrid;
pub use station_program::StationProgram;
