//! The figures of an excerpt, for the table, the report and the records.

use serde::{Deserialize, Serialize};

use crate::cut::{CutResult, WrittenFile};
use crate::plan::PlannedTrack;

/// The figures of an excerpt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ExcerptInfo {
    /// Frames per second.
    pub sample_rate: u32,
    /// Channels of the stretched file.
    pub channels: u16,
    /// Frames of the original.
    pub original_frames: u64,
    /// Frames of the stretched file.
    pub frames: u64,
    /// The mean speed: the seconds of the track that are in one second of the stretched file.
    pub speed: f64,
    /// The lowest and the highest speed.
    pub speeds: [f64; 2],
    /// The begin cue in the stretched file, in seconds.
    pub begin_adj: f64,
    /// The end cue in the stretched file, in seconds.
    pub end_adj: f64,
    /// The largest sample of the stretched file, in dBFS; `None` for silence.
    pub peak_dbfs: Option<f64>,
    /// The integrated loudness of the stretched file in LUFS; `None` for silence.
    #[serde(default)]
    pub lufs: Option<f64>,
    /// The key in the tags of the stretched file.
    #[serde(default)]
    pub key: Option<String>,
    /// The gain that was applied to the stretched file, in dB.
    pub gain_db: f64,
    /// The container and sample format of the original, and those of the stretched file, as text.
    pub formats: [String; 2],
    /// Warnings about the files, in sentences for the user.
    pub warnings: Vec<String>,
}

impl ExcerptInfo {
    /// The figures of the files that were written for `planned`.
    pub fn new(result: &CutResult, planned: &PlannedTrack) -> Self {
        let cues = planned.excerpt.cues;
        let rate = f64::from(result.sample_rate);
        let seconds = result.stretched.frames as f64 / rate;
        let (slowest, fastest) = result.speeds().into_inner();
        let speed = if slowest == fastest { slowest } else { (cues.end - cues.ini) / seconds };
        let format =
            |written: &WrittenFile| format!("{} {}", written.format.extension(), written.format.sample_format());
        Self {
            sample_rate: result.sample_rate,
            channels: result.stretched.channels,
            original_frames: result.original.frames,
            frames: result.stretched.frames,
            speed,
            speeds: [slowest, fastest],
            begin_adj: result.seconds_of(cues.begin) - result.seconds_of(cues.ini),
            end_adj: result.seconds_of(cues.end) - result.seconds_of(cues.ini),
            peak_dbfs: Some(result.stretched.peak_dbfs).filter(|peak| peak.is_finite()),
            lufs: Some(result.lufs).filter(|lufs| lufs.is_finite()),
            key: result.key.clone(),
            gain_db: result.stretched.gain_db,
            formats: [format(&result.original), format(&result.stretched)],
            warnings: result.warnings.clone(),
        }
    }
}
