//! Data structures that the control half and the audio thread share.
#![warn(clippy::cast_possible_truncation)]

mod atomic;
mod live_ring;
mod output_ring;
mod pages;
mod return_queue;
#[cfg(any(feature = "device", test))]
mod slot;
mod snapshot;
mod stream;

pub(crate) use live_ring::{LiveExtent, LiveRing};
pub(crate) use output_ring::{OutputRing, OutputRingReader, RingRead};
pub(crate) use pages::{PAGE, Pages};
pub(crate) use return_queue::ReturnQueue;
#[cfg(feature = "device")]
pub(crate) use slot::Slot;
pub(crate) use snapshot::Snapshot;
pub(crate) use stream::{LiveStem, MAX_PLAYHEADS, PlayheadState, Stream};
