//! Stems to levels, panorama, sends, the sum.
//!
//! [`StyleSound`] holds the numbers of a style; [`Master`] gives the stems their final level.

mod loudness;
mod master;
mod style_blend;
mod style_sound;
mod styles;
mod true_peak;

pub use master::Master;
pub use style_sound::{EchoSound, RoomSound, StemSound, StyleSound, TapeSound};
