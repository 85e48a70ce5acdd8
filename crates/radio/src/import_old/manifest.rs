//! `processed/manifest.json` of an older station.

use serde::Deserialize;

/// The manifest.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OldManifest {
    pub tracks: Vec<OldItem>,
    pub jingles: Vec<OldItem>,
    pub audio_config: OldAudio,
}

impl OldManifest {
    /// Tracks and jingles.
    pub fn items(&self) -> impl Iterator<Item = &OldItem> {
        self.tracks.iter().chain(&self.jingles)
    }
}

/// The settings with which the segments were made.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OldAudio {
    pub segment_duration: Option<f64>,
    pub bitrate: Option<String>,
}

/// A track or a jingle.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OldItem {
    /// The file from which it was made.
    pub filename: String,
    pub segment_count: Option<usize>,
    pub segments: Vec<OldSegment>,
    /// The folder of its segments, in that of the manifest.
    pub output_dir: String,
}

/// A segment.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OldSegment {
    pub filename: String,
    pub cid: Option<String>,
}
