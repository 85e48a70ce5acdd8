//! Shared by the examples of crowd-engine: music made of nothing, so that no example needs a file.
#![forbid(unsafe_code)]

pub mod music;
pub mod synth;
