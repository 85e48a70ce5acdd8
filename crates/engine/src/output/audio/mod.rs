//! The code that runs on the thread of a device's callback.
#![warn(clippy::cast_possible_truncation)]

mod convert;
mod driver;
#[cfg(target_os = "linux")]
mod pulse_playback;

pub(crate) use driver::{Driver, NICE};
#[cfg(target_os = "linux")]
pub(crate) use pulse_playback::{FRAME_BYTES, PulsePlayback};
