//! What is set of a generator, as messages carry it and the app applies it.

use music_generator::types::stem::Stem;

/// A setting of a generator, with its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GeneratorSetting {
    /// How much happens, 0 to 1; `None` leaves it to the prompts.
    Density(Option<f32>),
    /// How bright the sound is, 0 to 1; `None` leaves it to the prompts.
    Brightness(Option<f32>),
    /// How much the music varies, 0 to 3.
    Temperature(f32),
    /// Whether a stem is silent.
    Mute(Stem, bool),
}

/// How far movement sets density and brightness, 0 (not) to 1 (alone).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MovementShare {
    /// The share of the movement in the density.
    pub density: f32,
    /// The share of the movement in the brightness.
    pub brightness: f32,
}
