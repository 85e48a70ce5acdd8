//! The events of a streamed track.

use std::time::Duration;

use crate::buffer::Underruns;

/// An event of a streamed track.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamEvent {
    /// Frames were missing. The sound faded out, or it did not begin within a quarter of a second after a start or a jump. There
    /// is at most one such event in two seconds.
    Underruns(Underruns),
    /// The input cannot be read. Frames that are not loaded are silent. Reading is tried again until it succeeds.
    Unreadable(String),
    /// The input can be read again.
    Readable,
    /// A part of the input is damaged. Each damage is reported once, when it is read.
    Damaged(String),
    /// A live input has returned no frames for as long as its [time-out](crate::feed::LiveInfo::timeout). Its stems are silent until it
    /// does. Reported once each time.
    Stalled(Duration),
}
