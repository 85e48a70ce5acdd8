//! Stems.

/// A group of voices that is rendered on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stem {
    /// Drums and percussion.
    Drums,
    /// The bass.
    Bass,
    /// Chords and pads.
    Harmony,
    /// Melodies.
    Lead,
    /// Drone, noises, weather.
    Texture,
}

impl Stem {
    /// All stems, in the order in which they are rendered.
    pub const ALL: [Self; 5] = [Self::Drums, Self::Bass, Self::Harmony, Self::Lead, Self::Texture];
    /// The number of stems.
    pub const COUNT: usize = Self::ALL.len();

    /// Its place in [`Stem::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its name in prompts, file names and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drums => "drums",
            Self::Bass => "bass",
            Self::Harmony => "harmony",
            Self::Lead => "lead",
            Self::Texture => "texture",
        }
    }
}
