//! Sources that send sound to the station while it plays: a DJ's program, or a microphone.

mod input;

pub use input::{Disconnected, InputStatus, LiveInput, Occupied, SourceInfo, SourceWriter};
