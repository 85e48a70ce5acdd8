//! The tempos that excerpts are brought to.

use crowd_engine::Bpm;

use crate::decimal::plain;
use crate::plan::PlannedExcerpt;

/// A tempo that excerpts are brought to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TargetTempo {
    /// Each track's own tempo. A tempo that changes is brought to its mean, and a steady tempo is not changed.
    Own,
    /// One tempo for all tracks.
    Bpm(Bpm),
}

impl TargetTempo {
    /// The tempo of the track's beats in its stretched file, in BPM. A track of half the tempo is brought to half the
    /// target tempo, because each of its beats counts for two.
    pub fn beat_bpm(self, excerpt: &PlannedExcerpt) -> f64 {
        match self {
            Self::Own => excerpt.own_bpm(),
            Self::Bpm(bpm) => bpm.get() / excerpt.beat_factor,
        }
    }

    /// The tempo at which an excerpt mixes, in BPM. It is the target tempo, also for tracks of half or double the tempo.
    pub fn mix_bpm(self, excerpt: &PlannedExcerpt) -> f64 {
        match self {
            Self::Own => excerpt.own_bpm(),
            Self::Bpm(bpm) => bpm.get(),
        }
    }

    /// The name of an excerpt's files, without an extension, in a run with several target tempos.
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
