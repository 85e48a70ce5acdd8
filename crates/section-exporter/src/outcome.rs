//! What a part is, in numbers: for the table, the report and the records.

use serde::{Deserialize, Serialize};

use crate::cut::{Made, Written};
use crate::plan::Planned;

/// What a part is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Frames per second.
    pub sample_rate: u32,
    /// Channels of the stretched part.
    pub channels: u16,
    /// Frames of the original.
    pub original_frames: u64,
    /// Frames of the stretched part.
    pub frames: u64,
    /// Seconds of the track that a second of the part takes, on average.
    pub speed: f64,
    /// The slowest and the fastest speed.
    pub speeds: [f64; 2],
    /// Where the begin cue lies in the part, in seconds.
    pub begin_adj: f64,
    /// Where the end cue lies in the part, in seconds.
    pub end_adj: f64,
    /// The largest sample of the part, in dBFS; 0 bits of silence have none.
    pub peak_dbfs: Option<f64>,
    /// The integrated loudness of the part in LUFS; silence has none.
    #[serde(default)]
    pub lufs: Option<f64>,
    /// The key in the tags of the part.
    #[serde(default)]
    pub key: Option<String>,
    /// By how many decibels the part was made louder.
    pub gain_db: f64,
    /// Kind and bits of the original and of the part, in words.
    pub formats: [String; 2],
    /// What is to be known about it.
    pub warnings: Vec<String>,
}

impl Outcome {
    /// Of what was made as it was planned.
    pub fn new(made: &Made, planned: &Planned) -> Self {
        let cues = planned.wanted.cues;
        let rate = f64::from(made.sample_rate);
        let seconds = made.part.frames as f64 / rate;
        let (slowest, fastest) = made.speeds().into_inner();
        let speed = if slowest == fastest { slowest } else { (cues.end - cues.ini) / seconds };
        let format = |written: &Written| format!("{} {}", written.format.extension(), written.format.sample_format());
        Self {
            sample_rate: made.sample_rate,
            channels: made.part.channels,
            original_frames: made.original.frames,
            frames: made.part.frames,
            speed,
            speeds: [slowest, fastest],
            begin_adj: made.seconds_of(cues.begin) - made.seconds_of(cues.ini),
            end_adj: made.seconds_of(cues.end) - made.seconds_of(cues.ini),
            peak_dbfs: Some(made.part.peak_dbfs).filter(|peak| peak.is_finite()),
            lufs: Some(made.lufs).filter(|lufs| lufs.is_finite()),
            key: made.key.clone(),
            gain_db: made.part.gain_db,
            formats: [format(&made.original), format(&made.part)],
            warnings: made.warnings.clone(),
        }
    }
}
