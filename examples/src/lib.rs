//! Shared by the examples of crowd-engine: music made of nothing, so that no example needs a file, a DJ library of
//! it, and the parts of the demo.
#![forbid(unsafe_code)]

pub mod demo;
pub mod dj_library;
pub mod music;
pub mod sounds;
pub mod synth;
