//! Stems to levels, panorama, sends, the sum.
//!
//! [`StyleSound`] holds the numbers of a style; [`Master`] gives the stems their final level.

mod master;
mod style_sound;

pub use master::Master;
pub use style_sound::{Echo, Room, StemSound, StyleSound, Tape};
