//! The code that the examples of crowd-engine share: generated music, so that no example needs a file; a generated DJ
//! library; and the modules of the demo.
#![forbid(unsafe_code)]

pub mod demo;
pub mod dj_library;
pub mod music;
pub mod sounds;
pub mod synth;
