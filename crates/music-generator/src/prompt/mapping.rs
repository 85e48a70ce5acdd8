//! Valence and arousal to the properties of music.
//!
//! The signs follow Eerola, Friberg & Bresin, "Emotional expression in music: contribution, linearity, and additivity of primary musical
//! cues" (2013): mode, tempo, register, dynamics, articulation and timbre act linearly and add up. The amounts are values of practice.
//! [`Target::density`], [`Target::brightness`] and [`Target::reverb_db`] already contain the part of valence and arousal when they come
//! from [`blend`](super::blend::blend). The functions of this module give the rest.

use crate::types::config::Mode;
use crate::types::note::Note;
use crate::types::stem::Stem;
use crate::types::target::{Style, Target};
use crate::types::ticks::Ticks;

/// The usual tempo of each style and its limits, in quarter notes a minute, in the order of [`Style::ALL`].
pub const STYLE_TEMPO: [(f64, f64, f64); Style::ALL.len()] = [
    (78.0, 68.0, 92.0),
    (76.0, 66.0, 88.0),
    (60.0, 50.0, 70.0),
    (84.0, 60.0, 110.0),
    (124.0, 118.0, 132.0),
    (70.0, 58.0, 84.0),
];

/// How far a mood may leave the limits of a style, as a share of them.
const BEYOND: f64 = 0.15;

/// The least share at which the second style lends instruments to the lead and the texture.
pub const LENDS_LEAD: f32 = 0.25;

/// The factor by which the tempo of the style changes.
pub fn tempo_factor(target: &Target) -> f64 {
    libm::exp2(0.38 * f64::from(target.arousal) + 0.04 * f64::from(target.valence)) * target.tempo_factor
}

/// The tempo in quarter notes a minute: the one that is asked for, or the usual one of the style with [`tempo_factor`]. It may leave the
/// limits of the style by 15 per cent. A session varies the usual tempo by its seed.
pub fn bpm(target: &Target) -> f64 {
    let (usual, lowest, highest) = STYLE_TEMPO[target.style().index()];
    target
        .bpm
        .unwrap_or_else(|| (usual * tempo_factor(target)).clamp(lowest * (1.0 - BEYOND), highest * (1.0 + BEYOND)))
}

/// The mode that belongs to a valence, from dark to bright. Add a random number of +-0.1 that stays the same for a section.
pub fn mode(valence: f32) -> Mode {
    match valence {
        v if v < -0.75 => Mode::Phrygian,
        v if v < -0.45 => Mode::Aeolian,
        v if v < -0.1 => Mode::Dorian,
        v if v < 0.25 => Mode::Mixolydian,
        v if v < 0.65 => Mode::Ionian,
        _ => Mode::Lydian,
    }
}

/// How much higher the melody lies, in semitones, -6 to 6.
pub fn register(target: &Target) -> f32 {
    4.0 * target.arousal + 2.0 * target.valence
}

/// The middle velocity, 0 to 1.
pub fn velocity(target: &Target) -> f32 {
    (64.0 + 22.0 * target.arousal) / 127.0
}

/// The length of a note as a share of the time to the next note, 0.6 to 1.2.
pub fn articulation(target: &Target) -> f32 {
    0.9 - 0.3 * target.arousal
}

/// Plays a note with the dynamics and the articulation of a mood: harder and shorter when it is excited, softer when it is calm.
pub fn play(note: &mut Note, target: &Target) {
    let calm = Target::default();
    note.velocity = (note.velocity * velocity(target) / velocity(&calm)).clamp(0.0, 1.0);
    let shorter = (articulation(target) / articulation(&calm)).min(1.0);
    // Notes of two beats and more are held: their length is that of the harmony.
    if note.stem != Stem::Drums && !note.legato && note.length < Ticks::beats(2) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "fewer than 1,920 ticks")]
        let ticks = (note.length.0 as f32 * shorter) as i64;
        note.length = Ticks(ticks);
    }
}

/// The factor of attack times, 0.5 to 2.
pub fn attack_factor(target: &Target) -> f32 {
    libm::exp2f(-target.arousal)
}

/// The share of chord time in which seconds and tritones may sound, 0 to 0.26.
pub fn dissonance(target: &Target) -> f32 {
    (0.12 - 0.08 * target.valence + 0.06 * target.arousal).max(0.0)
}

/// The factor of random changes of timing and velocity, 0.7 to 1.3.
pub fn humanise_factor(target: &Target) -> f32 {
    1.0 - 0.3 * target.arousal
}

/// The loudness range that the form aims at, in loudness units (LU), 4 to 5.5.
pub fn loudness_range(target: &Target) -> f32 {
    4.0 + 1.5 * target.arousal.abs()
}

/// What styles other than the main one lend to the music.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lent {
    /// The style that lends instruments to the lead, and its texture.
    pub lead_and_texture: Option<Style>,
    /// The style that lends its texture only.
    pub texture: Option<Style>,
}

/// What the second and the third style lend: the second lends lead and texture from a share of [`LENDS_LEAD`] on, the third lends its
/// texture. Styles with a share below 0.05 lend nothing.
pub fn lent(target: &Target) -> Lent {
    let main = target.style();
    let mut others: Vec<Style> =
        Style::ALL.into_iter().filter(|style| *style != main && target.styles[style.index()] >= 0.05).collect();
    // The sort is stable: equal shares keep the order of the styles.
    others.sort_by(|a, b| target.styles[b.index()].total_cmp(&target.styles[a.index()]));
    match others.as_slice() {
        [second, rest @ ..] if target.styles[second.index()] >= LENDS_LEAD => {
            Lent { lead_and_texture: Some(*second), texture: rest.first().copied() }
        }
        [second, ..] => Lent { lead_and_texture: None, texture: Some(*second) },
        [] => Lent::default(),
    }
}
