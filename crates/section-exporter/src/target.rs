//! The tempos that excerpts are brought to.

use crowd_engine::Bpm;

use crate::decimal::plain;
use crate::plan::Wanted;

/// A tempo that excerpts are brought to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Each track's own, so that nothing is stretched but what wanders.
    Own,
    /// One for all.
    Bpm(Bpm),
}

impl Target {
    /// The tempo that the beats of a track are brought to, in BPM. A track of half the tempo is brought to half of it: each of
    /// its beats counts for two.
    pub fn of(self, wanted: &Wanted) -> f64 {
        match self {
            Self::Own => wanted.own_bpm(),
            Self::Bpm(bpm) => bpm.get() / wanted.factor,
        }
    }

    /// The tempo a track's excerpt mixes at, in BPM: the one asked for, also where its own beats are counted half or double.
    pub fn shown(self, wanted: &Wanted) -> f64 {
        match self {
            Self::Own => wanted.own_bpm(),
            Self::Bpm(bpm) => bpm.get(),
        }
    }

    /// What an excerpt's file is called, without an extension, where there is one for each of several targets.
    pub fn name_among_several(self, name: &str) -> String {
        match self {
            Self::Own => name.to_owned(),
            Self::Bpm(bpm) => format!("{name}_{}", plain(bpm.get(), 4)),
        }
    }

    /// The tempo in BPM, if it is one for all.
    pub fn bpm(self) -> Option<f64> {
        match self {
            Self::Own => None,
            Self::Bpm(bpm) => Some(bpm.get()),
        }
    }
}
