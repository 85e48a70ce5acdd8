//! Samples to files, one file per format.

mod dither;
pub mod wav;
