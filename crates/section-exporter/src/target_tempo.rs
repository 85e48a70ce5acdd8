//! The tempos that excerpts are brought to.

use crowd_engine::Bpm;

use crate::decimal::plain;
use crate::plan::PlannedExcerpt;

/// A tempo that excerpts are brought to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TargetTempo {
    /// Each track's own tempo: only a tempo that changes is stretched, to its mean.
    Own,
    /// One tempo for all tracks.
    Bpm(Bpm),
}

impl TargetTempo {
    /// The tempo of the beats of a track in its stretched file, in BPM. A track of half the tempo is brought to half
    /// the target tempo: each of its beats counts for two.
    pub fn beat_bpm(self, excerpt: &PlannedExcerpt) -> f64 {
        match self {
            Self::Own => excerpt.own_bpm(),
            Self::Bpm(bpm) => bpm.get() / excerpt.beat_factor,
        }
    }

    /// The tempo at which an excerpt mixes, in BPM: the requested one, also where its beats are counted half or double.
    pub fn mix_bpm(self, excerpt: &PlannedExcerpt) -> f64 {
        match self {
            Self::Own => excerpt.own_bpm(),
            Self::Bpm(bpm) => bpm.get(),
        }
    }

    /// The name of an excerpt's files, without an extension, where there are several target tempos.
    pub fn file_stem_with_tempo(self, name: &str) -> String {
        match self {
            Self::Own => name.to_owned(),
            Self::Bpm(bpm) => format!("{name}_{}", plain(bpm.get(), 4)),
        }
    }

    /// The tempo in BPM, if it is the same for all tracks.
    pub fn bpm(self) -> Option<f64> {
        match self {
            Self::Own => None,
            Self::Bpm(bpm) => Some(bpm.get()),
        }
    }
}
