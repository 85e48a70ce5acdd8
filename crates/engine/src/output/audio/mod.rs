//! What runs on the thread on which a device calls for sound.
#![warn(clippy::cast_possible_truncation)]

mod convert;
mod driver;
#[cfg(target_os = "linux")]
mod pulse_playback;

pub(crate) use driver::{Driver, NICE};
#[cfg(target_os = "linux")]
pub(crate) use pulse_playback::{FRAME_BYTES, PulsePlayback};
