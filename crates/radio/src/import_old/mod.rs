//! The folders of older station programs: what is in them, what is inconsistent, and a configuration that does the same.
//!
//! Two kinds are known: a buffer of generated chunks ([`OldBuffer`]), and prepared segments of music and jingles ([`OldStation`]).
//! [`read`] reads either or both. It opens files only to read them, and no damage of theirs is an error: it is told in
//! [`Report::problems`].

mod files;
mod manifest;
mod music;
mod no_counterpart;
mod old_buffer;
mod old_station;
mod places;
mod playlist_m3u;
mod report;
mod segment_seconds;
mod segments;
mod settings;
mod state;
mod station_file;
mod text;

pub use music::OldMusic;
pub use old_buffer::{OldBuffer, OldPrompt};
pub use old_station::OldStation;
pub use playlist_m3u::ListedSeconds;
pub use report::{Report, read};
pub use segments::OldSegments;
pub use settings::OldSettings;
pub use state::OldState;
