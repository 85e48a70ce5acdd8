//! How a style sounds: numbers, and how those of several styles are blended.

use crate::synth::instruments::Kit;
use crate::types::stem::Stem;
use crate::types::target::Noise;

/// Level and sends of a stem.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StemSound {
    /// Its gain in decibels.
    pub level_db: f32,
    /// Its send to the room, in decibels; -60 and less is none.
    pub room_db: f32,
    /// Its send to the delay, in decibels; -60 and less is none.
    pub echo_db: f32,
    /// Its width: 0 is mono, 1 as the instruments make it.
    pub width: f32,
    /// Its lowest frequency in hertz.
    pub low_cut: f32,
    /// How far a kick lowers it, in decibels, 0 or more.
    pub duck_db: f32,
    /// The factor before the saturation of the tape; 0 is none, 1 lowers peaks of full scale by 3 dB.
    pub drive: f32,
    /// A shelf above 2 kHz, in decibels.
    pub treble_db: f32,
}

impl StemSound {
    /// With this drive into the tape.
    pub const fn driven(self, drive: f32) -> Self {
        Self { drive, ..self }
    }

    /// With this shelf above 2 kHz.
    pub const fn with_treble(self, treble_db: f32) -> Self {
        Self { treble_db, ..self }
    }
}

/// A room.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RoomSound {
    /// The time in which it decays by 60 dB, in seconds.
    pub t60: f32,
    /// The time before its first reflection, in milliseconds.
    pub pre_delay_ms: f32,
}

/// A delay.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EchoSound {
    /// Its time in quarter notes; 0 when it does not follow the tempo.
    pub beats: f32,
    /// Its time in seconds when it does not follow the tempo.
    pub seconds: f32,
    /// What is fed back, 0 to 0.9.
    pub feedback: f32,
}

/// How unsteadily a tape runs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TapeSound {
    /// The largest deviation of wow, in cents.
    pub wow_cents: f32,
    /// The largest deviation of flutter, in cents.
    pub flutter_cents: f32,
}

/// How a style sounds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StyleSound {
    /// The stems, in the order of [`Stem::ALL`].
    pub stems: [StemSound; Stem::COUNT],
    /// The set of drums.
    pub kit: Kit,
    /// The room.
    pub room: RoomSound,
    /// The delay.
    pub echo: EchoSound,
    /// The tape that harmony and lead go through.
    pub tape: TapeSound,
    /// The level of the drums through a 12-bit sampler, in parallel, in decibels; -60 and less is none.
    pub sampler_db: f32,
    /// The cutoff of the high cut of all stems at brightness 0.5, in hertz.
    pub high_cut: f32,
    /// How long a kick lowers other stems, in milliseconds.
    pub duck_release_ms: f32,
    /// Levels of noises that belong to the style, 0 to 1, in the order of [`Noise::ALL`].
    pub noises: [f32; Noise::ALL.len()],
    /// The gain of the sum in decibels: with it, the style has -18 LUFS.
    pub master_db: f32,
    /// How much louder the style is at density 1 than at 0, in decibels: the gain of the sum makes up for it.
    pub density_db: f32,
    /// The same for brightness.
    pub brightness_db: f32,
    /// The usual power of its notes in decibels, as [`ScoreLevel`](super::ScoreLevel) estimates it.
    pub score_db: f32,
    /// The share of the deviations from it that the gain of the sum makes up for.
    pub levelling: f32,
}
