//! The events of a streamed track.

use std::time::Duration;

use crate::buffer::Underruns;

/// An event of a streamed track.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamEvent {
    /// The sound faded out because frames were missing, or did not begin within a quarter of a second of a start or a
    /// jump. It is reported every two seconds at most.
    Underruns(Underruns),
    /// The file cannot be read. Frames that are not loaded yet are silent. Reading is tried again and again.
    Unreadable(String),
    /// The file can be read again.
    Readable,
    /// Some of the file is damaged. Each damage is reported once, when it is read.
    Damaged(String),
    /// A live input has not returned for as long as its [time-out](crate::feed::LiveInfo::timeout). Its stems are silent until it
    /// does. Reported once each time.
    Stalled(Duration),
}
