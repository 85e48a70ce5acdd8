//! (opening lines)

pub mod dsp;
