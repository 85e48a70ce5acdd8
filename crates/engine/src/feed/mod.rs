//! Streamed tracks: tracks that are too long for the memory, read from disk while they play.
//!
//! For each track a feeder thread keeps a window of decoded frames around each playhead in a fixed number of pages: the
//! frames that a stretcher reads to either side of it, and some two seconds of prefetch. [`buffer`](crate::buffer)
//! decides how much is read before the playheads are polled again. The audio thread reads the pages without a lock and
//! publishes the state of its playheads in atomics; it wakes no thread.
//!
//! When frames are missing (a disk that stalls, a jump to a position that is not loaded) the deck fades out while there
//! are still frames to do so, keeps counting its position in silence, and fades in again in phase. Other decks are not
//! affected.
//!
//! `Track::stream` plays a file this way; [`Track::from_input`](crate::Track::from_input) plays any source that can be
//! read from any frame on, such as samples that a program computes: [`Input`] has an example.
//!
//! [`Track::from_live`](crate::Track::from_live) plays music that is made or received while it plays: its length is not known, it
//! cannot be sought, and little of it is kept ready, so that a change is soon heard: [`LiveInput`] has an example.

mod cursor;
mod fed_stream;
mod feeder;
#[cfg(feature = "decode")]
mod file;
mod input;
mod live;
mod read_plan;
mod shared;
mod stream_event;

pub(crate) use fed_stream::FedStream;
#[cfg(test)]
pub(crate) use feeder::reach;
#[cfg(feature = "decode")]
pub use file::FileInput;
pub use input::{Input, InputError, InputInfo};
pub(crate) use live::LiveTrack;
pub use live::{LiveInfo, LiveInput, Starvation};
pub use stream_event::StreamEvent;
