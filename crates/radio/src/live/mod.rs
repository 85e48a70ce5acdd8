//! Sources that send sound to the station while it plays: a DJ's program, or a microphone.

mod connection;
mod connections;
mod input;
mod login;
mod port;
mod recording;
mod recording_file;
mod source;
mod source_bytes;

pub use input::{Disconnected, InputStatus, LiveInput, Occupied, SourceInfo, SourceWriter};
pub use port::{MountSettings, SourcePort, SourcePortSettings};
pub use recording::RecordingStatus;
