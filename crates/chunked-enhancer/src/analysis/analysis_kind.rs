//! How thoroughly a track is measured.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::choice::parse_choice;

/// How thoroughly a track is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnalysisKind {
    /// By up to 60 probes of one second each. It takes a fraction of a second, and gives the loudness within 0.5 LU.
    #[default]
    Quick,
    /// By the whole track.
    Full,
}

impl AnalysisKind {
    /// Its name, as in a URL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "full",
        }
    }
}

impl fmt::Display for AnalysisKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for AnalysisKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_choice("analysis", text, [Self::Quick, Self::Full], Self::name)
    }
}
