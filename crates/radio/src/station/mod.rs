//! The time of the station, and what it has published.

mod aac_source;
mod as_run;
mod clock;
mod command;
mod figures;
mod flac_source;
mod format;
mod journal;
mod live_stream;
mod opus_source;
mod published;
mod publisher;
mod replay;
mod saved_state;
mod segment;
mod segment_grid;
mod share;
mod station_program;

pub use aac_source::AacSource;
pub use as_run::{AsRunLog, Listeners, last_rows};
pub use clock::{Reading, StationClock, wall_time};
pub use command::{Arrangement, Command, Control, WAITING};
pub use figures::{FIGURE_INTERVAL, Figure, Figures};
pub use flac_source::FlacSource;
pub use format::Format;
pub use journal::{Entry, Event, Journal};
pub use live_stream::{Cursor, Late, LiveStream, Unit};
pub use opus_source::{OGG, OpusSource};
pub use published::{NowPlaying, Published};
pub use publisher::{Coming, Publisher, Renditions, WaitingRequest};
pub use replay::Manifests;
pub use saved_state::{SavedState, StateFolder};
pub use segment::{ListedSegment, Rendition, Segment, SegmentSource};
pub use segment_grid::SegmentGrid;
pub use share::{Adopted, Answer, Confirmed, Made, MadeSegments, MadeSet, NumberedSegments, Proposal, Share};
pub use station_program::StationProgram;
