//! Stems to levels, panorama, sends, the sum.
//!
//! [`StyleSound`] holds the numbers of a style; [`Master`] gives the stems their final level; [`ScoreLevel`] computes
//! from the score how loud the next bar will be.

mod loudness;
mod master;
mod score_level;
mod style_blend;
mod style_sound;
mod styles;
mod true_peak;

pub use master::Master;
pub use score_level::ScoreLevel;
pub use style_sound::{EchoSound, RoomSound, StemSound, StyleSound, TapeSound};
