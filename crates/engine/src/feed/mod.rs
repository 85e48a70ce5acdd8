//! Streamed tracks: tracks that are too long for the memory, read from disk while they play.
//!
//! Each track has a feeder thread. It keeps a window of decoded frames around each playhead, in a fixed number of pages. The
//! window has the frames that a stretcher reads before and after the playhead, and some two seconds of prefetch.
//! [`buffer`](crate::buffer) decides how much is read before the playheads are polled again. The audio thread reads the
//! pages without a lock, and publishes the state of its playheads in atomics. It wakes no thread.
//!
//! Frames are missing when a disk stalls, or after a jump to a position that is not loaded. The deck then fades out while
//! there are enough frames for the fade-out. Its position advances in silence, so it fades in again in phase. Other decks
//! are not affected.
//!
//! `Track::stream` plays a file this way. [`Track::from_input`](crate::Track::from_input) plays any source that can be read
//! from any frame on, such as samples that a program computes. [`Input`] has an example.
//!
//! [`Track::from_live`](crate::Track::from_live) plays music that is made or received while it plays. Its length is not known, and it
//! cannot be sought. Little of it is kept ready, so a change is soon heard. [`LiveInput`] has an example.

mod cursor;
mod feeder;
#[cfg(feature = "decode")]
mod file;
mod input;
mod live;
mod read_plan;
mod shared;
mod stream_event;
mod streamed_track;

#[cfg(test)]
pub(crate) use feeder::reach;
#[cfg(feature = "decode")]
pub use file::FileInput;
pub use input::{Input, InputError, InputInfo};
pub(crate) use live::LiveTrack;
pub use live::{LiveInfo, LiveInput, Starvation};
pub use stream_event::StreamEvent;
pub(crate) use streamed_track::FedStream;
