//! Live sources in the program: when they are on air, and how their sound is mixed with the program.

mod clock_drift;
mod ducking;
mod live_mix;
mod mount;
mod on_air;

pub use mount::{LiveMount, MixSettings, MountStatus};
