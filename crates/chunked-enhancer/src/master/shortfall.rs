//! By how much a rendition is quieter than the target of its preset, and why.

use crowd_mastering::loudness::GainBound;
use serde::{Deserialize, Serialize};

use crate::preset::Design;

/// The loudness that is missing from the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shortfall {
    /// The missing loudness, LU.
    pub lu: f64,
    /// The limit of the gain.
    pub bound: GainBound,
    /// The limit in words.
    pub reason: String,
}

impl Shortfall {
    /// A smaller shortfall is not reported, because quick analysis is not more exact, LU.
    const LEAST_LU: f64 = 0.2;

    /// The shortfall of a rendition of this loudness; none where it reaches the target.
    pub(super) fn of(design: &Design, lufs: f64, bound: GainBound, most_gain_db: f64) -> Option<Self> {
        let lu = design.target_lufs - lufs;
        let reason = match bound {
            GainBound::Range => format!("it is amplified by {most_gain_db} dB, the largest gain"),
            GainBound::Return => "another decibel of gain would make it less than half a decibel louder".to_owned(),
            GainBound::Reduction => {
                let most = design.most_reduction_db;
                format!("the limiter turns it down by {most} dB already, the most that the preset allows")
            }
        };
        (lu > Self::LEAST_LU).then_some(Self { lu, bound, reason })
    }
}
