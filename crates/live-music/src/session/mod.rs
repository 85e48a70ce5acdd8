//! The music of a story while it is made.

mod segment_files;
mod story_music;

pub use segment_files::{Manifest, PanelSegment, SegmentFiles, SegmentSettings, sound_file};
pub use story_music::StoryMusic;
