//! What the two halves of the engine share across the realtime boundary.
#![warn(clippy::cast_possible_truncation)]

mod bin;
mod pages;
#[cfg(any(feature = "device", test))]
mod slot;
mod snapshot;
#[cfg(feature = "decode")]
mod tape;

pub(crate) use bin::ReturnBin;
pub(crate) use pages::{PAGE, Pages};
#[cfg(feature = "device")]
pub(crate) use slot::Slot;
pub(crate) use snapshot::Snapshot;
#[cfg(feature = "decode")]
pub(crate) use tape::{Next, Tape, TapeReader};

#[cfg(loom)]
pub(crate) use loom::sync::atomic;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic;
