//! What the two halves of the engine share across the realtime boundary.
#![warn(clippy::cast_possible_truncation)]

mod atomic;
mod bin;
mod pages;
#[cfg(any(feature = "device", test))]
mod slot;
mod snapshot;
mod stream;
#[cfg(feature = "decode")]
mod tape;

pub(crate) use bin::ReturnBin;
pub(crate) use pages::PAGE;
#[cfg(feature = "device")]
pub(crate) use slot::Slot;
pub(crate) use snapshot::Snapshot;
pub(crate) use stream::{SEATS, Stream, Wish};
#[cfg(feature = "decode")]
pub(crate) use tape::{Next, Tape, TapeReader};
