//! How thoroughly a track is measured.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::named::named;

/// How thoroughly a track is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// By probes of a second each, up to 60 of them, in a fraction of a second: loudness within 0.5 LU.
    #[default]
    Quick,
    /// By all of it.
    Full,
}

impl Kind {
    /// Its name, as in a URL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "full",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        named("analysis", text, [Self::Quick, Self::Full], Self::name)
    }
}
