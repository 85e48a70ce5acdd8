//! The stretch methods.

use super::error::Error;

/// How a deck changes the speed of its tracks.
///
/// | method | pitch | use it when |
/// |---|---|---|
/// | [`PlaybackRate`](Self::PlaybackRate) | follows the speed, like vinyl | the pitch may change; it costs least |
/// | [`Wsola`](Self::Wsola) | is kept | four decks have to play on a small computer: drums are unchanged, chords become a little rough |
/// | [`Hq`](Self::Hq) | is kept | the computer is faster, or in an export: chords stay smooth too |
///
/// No method delays the sound. At speed 1 every method is a bypass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StretchMethod {
    /// The pitch follows the speed. The track is read through a band-limited interpolator.
    #[default]
    PlaybackRate,
    /// The pitch is kept. Grains of the track are joined where their waveforms are alike (WSOLA). Transients are copied unchanged.
    Wsola,
    /// The pitch is kept by a phase vocoder that leaves transients unchanged.
    Hq,
}

impl StretchMethod {
    /// All methods of this version.
    pub const ALL: &'static [Self] = &[Self::PlaybackRate, Self::Wsola, Self::Hq];

    /// The name of the method on command lines and in messages.
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
