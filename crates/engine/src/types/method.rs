//! How a deck changes speed.

use super::error::Error;

/// Which [`Stretch`](crate::stretch::Stretch) a deck uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StretchMethod {
    /// Pitch follows the speed, read through a band-limited interpolator.
    #[default]
    PlaybackRate,
    /// Pitch is kept: pieces of the track, joined where they look alike, attacks copied untouched.
    Wsola,
    /// Pitch is kept: a phase vocoder that leaves attacks as they are.
    Hq,
}

impl StretchMethod {
    /// Every method this version has.
    pub const ALL: &'static [Self] = &[Self::PlaybackRate, Self::Wsola, Self::Hq];

    /// The name used on command lines and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PlaybackRate => "playback_rate",
            Self::Wsola => "wsola",
            Self::Hq => "hq",
        }
    }

    /// Whether the pitch stays when the speed changes.
    pub const fn keeps_pitch(self) -> bool {
        !matches!(self, Self::PlaybackRate)
    }
}

impl std::fmt::Display for StretchMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for StretchMethod {
    type Err = Error;

    /// Reads a [name](Self::name).
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL.iter().copied().find(|method| method.name() == name).ok_or_else(|| {
            let names = Self::ALL.iter().map(|method| method.name()).collect::<Vec<_>>().join(", ");
            Error::UnknownMethod { name: name.chars().take(40).collect(), known: names }
        })
    }
}
