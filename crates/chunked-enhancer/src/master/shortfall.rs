//! By how much a rendition is quieter than the target of its preset, and why.

use crowd_mastering::loudness::GainBound;
use serde::{Deserialize, Serialize};

use crate::preset::PresetValues;

/// The loudness that is missing from the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shortfall {
    /// The missing loudness, LU.
    pub lu: f64,
    /// What limits the gain.
    pub bound: GainBound,
    /// The reason in words.
    pub reason: String,
}

impl Shortfall {
    /// A shortfall up to this is not reported, in LU, because quick analysis is not more exact.
    const MIN_LU: f64 = 0.2;

    /// The shortfall of a rendition whose loudness is `lufs`; none when the rendition reaches the target.
    pub(super) fn of(values: &PresetValues, lufs: f64, bound: GainBound, max_gain_db: f64) -> Option<Self> {
        let lu = values.target_lufs - lufs;
        let reason = match bound {
            GainBound::Range => format!("it is amplified by {max_gain_db} dB, the largest gain"),
            GainBound::Return => "another decibel of gain would make it less than half a decibel louder".to_owned(),
            GainBound::Reduction => {
                let most = values.allowed_reduction_db;
                format!("the limiter reduces its level by {most} dB already, the most that the preset allows")
            }
        };
        (lu > Self::MIN_LU).then_some(Self { lu, bound, reason })
    }
}
