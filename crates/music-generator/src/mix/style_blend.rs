//! The sound of a target: a blend of the sounds of its styles.

use super::style_sound::StyleSound;
use super::styles;
use crate::types::target::{Style, Target};

impl StyleSound {
    /// The sound of a target: those of its styles, weighted by their shares. What cannot be between two values is that of the style
    /// with the largest share.
    pub fn of(target: &Target) -> Self {
        let largest = styles::sound(target.style());
        let mut sum = Self { kit: largest.kit, echo: largest.echo, ..Self::default() };
        let total: f32 = target.styles.iter().filter(|share| share.is_finite()).map(|share| share.max(0.0)).sum();
        if total <= 0.0 {
            return largest.at(target);
        }
        let (mut t60, mut high_cut) = (0.0, 0.0);
        for style in Style::ALL {
            let share = target.styles.get(style.index()).copied().unwrap_or(0.0).max(0.0) / total;
            if share > 0.0 {
                let sound = styles::sound(style);
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
        sum.at(target)
    }

    /// With the gain of the sum that belongs to a density and a brightness.
    fn at(mut self, target: &Target) -> Self {
        let above = |value: f32| if value.is_finite() { value.clamp(0.0, 1.0) - 0.5 } else { 0.0 };
        self.master_db -= self.density_db * above(target.density) + self.brightness_db * above(target.brightness);
        self
    }

    fn add(&mut self, other: &Self, share: f32) {
        for (stem, other) in self.stems.iter_mut().zip(&other.stems) {
            stem.level_db += share * other.level_db;
            stem.room_db += share * other.room_db;
            stem.echo_db += share * other.echo_db;
            stem.width += share * other.width;
            stem.low_cut += share * other.low_cut;
            stem.duck_db += share * other.duck_db;
            stem.drive += share * other.drive;
            stem.treble_db += share * other.treble_db;
        }
        self.room.pre_delay_ms += share * other.room.pre_delay_ms;
        self.tape.wow_cents += share * other.tape.wow_cents;
        self.tape.flutter_cents += share * other.tape.flutter_cents;
        self.sampler_db += share * other.sampler_db;
        self.duck_release_ms += share * other.duck_release_ms;
        self.master_db += share * other.master_db;
        self.density_db += share * other.density_db;
        self.brightness_db += share * other.brightness_db;
        self.score_db += share * other.score_db;
        self.levelling += share * other.levelling;
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
        assert!((lofi.room.t60 - styles::sound(Style::Lofi).room.t60).abs() < 1e-5);
        target.styles = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        let ambient = StyleSound::of(&target);
        target.styles = [0.5, 0.0, 0.5, 0.0, 0.0, 0.0];
        let both = StyleSound::of(&target);
        assert!(lofi.room.t60 < both.room.t60 && both.room.t60 < ambient.room.t60);
        assert!((both.master_db - 0.5 * (lofi.master_db + ambient.master_db)).abs() < 1e-4);
        target.density = 1.0;
        let dense = StyleSound::of(&target);
        assert!((both.master_db - dense.master_db - 0.5 * both.density_db).abs() < 1e-4);
        target.styles = [f32::NAN, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert!(StyleSound::of(&target).room.t60.is_finite());
    }
}
