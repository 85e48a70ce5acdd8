//! Live inputs: music that is made or received while it plays, and in which no seek is possible.

mod input;
mod live_feeder;
mod live_source;
mod live_track;

pub use input::{LiveInfo, LiveInput, Starvation};
pub(crate) use live_track::LiveTrack;
