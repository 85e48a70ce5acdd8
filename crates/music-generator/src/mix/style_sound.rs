//! How a style sounds: numbers, and how those of several styles are blended.

use crate::synth::instruments::Kit;
use crate::types::stem::Stem;
use crate::types::target::{Noise, Style, Target};

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

/// A tape.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TapeSound {
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
}

impl StyleSound {
    /// The sound of a target: those of its styles, weighted by their shares. What cannot be between two values is that of the style
    /// with the largest share.
    pub fn of(target: &Target) -> Self {
        let largest = super::styles::sound(target.style());
        let mut sum = Self { kit: largest.kit, echo: largest.echo, ..Self::default() };
        let total: f32 = target.styles.iter().filter(|share| share.is_finite()).map(|share| share.max(0.0)).sum();
        if total <= 0.0 {
            return largest;
        }
        let (mut t60, mut high_cut) = (0.0, 0.0);
        for style in Style::ALL {
            let share = target.styles.get(style.index()).copied().unwrap_or(0.0).max(0.0) / total;
            if share > 0.0 {
                let sound = super::styles::sound(style);
                sum.add(&sound, share);
                t60 += share * libm::logf(sound.room.t60);
                high_cut += share * libm::logf(sound.high_cut);
            }
        }
        sum.room.t60 = libm::expf(t60);
        sum.high_cut = libm::expf(high_cut);
        for stem in &mut sum.stems {
            if stem.room_db > -60.0 {
                stem.room_db += target.reverb_db;
            }
        }
        for (level, noise) in sum.noises.iter_mut().zip(Noise::ALL) {
            *level = level.max(target.noises.get(&noise).copied().unwrap_or(0.0));
        }
        sum
    }

    fn add(&mut self, other: &Self, share: f32) {
        for (stem, other) in self.stems.iter_mut().zip(&other.stems) {
            stem.level_db += share * other.level_db;
            stem.room_db += share * other.room_db;
            stem.echo_db += share * other.echo_db;
            stem.width += share * other.width;
            stem.low_cut += share * other.low_cut;
            stem.duck_db += share * other.duck_db;
        }
        self.room.pre_delay_ms += share * other.room.pre_delay_ms;
        self.tape.wow_cents += share * other.tape.wow_cents;
        self.tape.flutter_cents += share * other.tape.flutter_cents;
        self.tape.drive_db += share * other.tape.drive_db;
        self.sampler_db += share * other.sampler_db;
        self.duck_release_ms += share * other.duck_release_ms;
        self.master_db += share * other.master_db;
        for (level, other) in self.noises.iter_mut().zip(&other.noises) {
            *level += share * other;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_of_one_style_has_the_sound_of_the_style_and_a_blend_lies_between() {
        let mut target = Target::default();
        let lofi = StyleSound::of(&target);
        assert!((lofi.room.t60 - super::super::styles::sound(Style::Lofi).room.t60).abs() < 1e-5);
        target.styles = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        let ambient = StyleSound::of(&target);
        target.styles = [0.5, 0.0, 0.5, 0.0, 0.0, 0.0];
        let both = StyleSound::of(&target);
        assert!(lofi.room.t60 < both.room.t60 && both.room.t60 < ambient.room.t60);
        assert!((both.master_db - 0.5 * (lofi.master_db + ambient.master_db)).abs() < 1e-4);
        target.styles = [f32::NAN, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert!(StyleSound::of(&target).room.t60.is_finite());
    }
}
