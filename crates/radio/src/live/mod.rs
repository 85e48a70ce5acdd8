//! Sources that send sound to the station while it plays: a DJ's program, or a microphone.

mod connection;
mod connections;
mod input;
mod live_sound;
mod login;
mod mount_settings;
mod port;
mod recording;
mod recording_file;
mod source;
mod source_bytes;
mod span;
mod spool;

pub use input::{Disconnected, InputStatus, LiveInput, Occupied, SourceInfo, SourceWriter};
pub use live_sound::LiveSound;
pub use mount_settings::MountSettings;
pub use port::{SourcePort, SourcePortSettings};
pub use recording::RecordingStatus;
pub use span::LiveSpan;
pub use spool::LiveFrame;
