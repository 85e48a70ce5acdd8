//! Shared by the examples of crowd-engine: music made of nothing, so that no example needs a file, and the parts of
//! the demo.
#![forbid(unsafe_code)]

pub mod demo;
pub mod music;
pub mod synth;
