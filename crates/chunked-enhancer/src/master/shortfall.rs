//! Where a track does not become as loud as its preset wants it, and why.

use crowd_mastering::loudness::GainBound;
use serde::{Deserialize, Serialize};

use crate::preset::Design;

/// What is missing from the wanted loudness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shortfall {
    /// How much, LU.
    pub lu: f64,
    /// What holds the gain back.
    pub bound: GainBound,
    /// The same in words.
    pub reason: String,
}

impl Shortfall {
    /// Less than this is not told: quick analysis is not nearer, LU.
    const LEAST_LU: f64 = 0.2;

    /// Of a rendition that will be so loud; none where it is as loud as wanted.
    pub(super) fn of(design: &Design, lufs: f64, bound: GainBound, most_gain_db: f64) -> Option<Self> {
        let lu = design.target_lufs - lufs;
        let reason = match bound {
            GainBound::Range => format!("it is lifted by {most_gain_db} dB, the most there is"),
            GainBound::Return => "another decibel of gain would make it less than half a decibel louder".to_owned(),
            GainBound::Reduction => {
                let most = design.most_reduction_db;
                format!("the limiter turns it down by {most} dB already, the most that the preset allows")
            }
        };
        (lu > Self::LEAST_LU).then_some(Self { lu, bound, reason })
    }
}
