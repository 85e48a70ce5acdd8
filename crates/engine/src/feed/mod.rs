//! Tracks that are too long for the memory: read from disk while they play.
//!
//! A feeder thread keeps a window of decoded frames around each playhead, a little behind it and some two seconds
//! ahead, in a fixed number of pages. [`buffer`](crate::buffer) decides how much it reads before it looks again. The audio
//! thread reads the pages without a lock and says in atomics where it is; it wakes nobody.
//!
//! When frames are missing (a disk that stalls, a jump to somewhere far away) the deck fades out while there are still
//! frames to do so, goes on counting in silence, and fades in again in phase. Other decks do not notice.
//!
//! `Track::stream` plays a file this way; [`Track::from_input`](crate::Track::from_input) anything that
//! can be read from any frame on.

mod cursor;
mod desk;
mod fed;
mod feeder;
#[cfg(feature = "decode")]
mod file;
mod input;
mod plan;

pub use desk::News;
pub(crate) use fed::Fed;
#[cfg(test)]
pub(crate) use feeder::reach;
#[cfg(feature = "decode")]
pub use file::FileInput;
pub use input::{Fault, Input, Shape};
