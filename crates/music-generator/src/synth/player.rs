//! The player: voices, and what each stem goes through.

use super::{QUANTUM, Stems};
use crate::mix::StyleSound;
use crate::types::note::Note;
use crate::types::stem::Stem;
use crate::types::target::{Medium, Noise, Target};

/// Plays notes. Everything is allocated by [`Player::new`]; the other functions allocate nothing and take bounded time.
#[derive(Clone, Debug)]
pub struct Player {
    sample_rate: u32,
    voices: [Voice; 32],
    next: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Voice {
    stem: usize,
    phase: f32,
    step: f32,
    gain: f32,
    wait: usize,
    left: usize,
}

impl Player {
    /// A player of silence at this sample rate in hertz, 8,000 to 192,000. The seed decides how hits of a drum differ from each
    /// other, and the noises.
    pub fn new(sample_rate: u32, seed: u64) -> Self {
        let _ = seed;
        Self { sample_rate, voices: [Voice::default(); 32], next: 0 }
    }

    /// Follows a target at once: [`set_sound`](Self::set_sound), [`set_brightness`](Self::set_brightness),
    /// [`set_noise`](Self::set_noise) for every noise and [`set_medium`](Self::set_medium).
    pub fn set_target(&mut self, target: &Target) {
        self.set_sound(&StyleSound::of(target));
        self.set_brightness(target.brightness);
        for noise in Noise::ALL {
            self.set_noise(noise, target.noises.get(&noise).copied().unwrap_or(0.0));
        }
        self.set_medium(target.medium);
    }

    /// Sets levels, sends, room, delay and tape. Changes are smoothed.
    pub fn set_sound(&mut self, sound: &StyleSound) {
        let _ = sound;
    }

    /// Sets the brightness, 0 to 1: all cutoffs are scaled by 2^(2.4 (brightness - 0.5)). Smoothed over a tenth of a second.
    pub fn set_brightness(&mut self, brightness: f32) {
        let _ = brightness;
    }

    /// Sets the level of a noise, 0 (silent) to 1. Faded over a second.
    pub fn set_noise(&mut self, noise: Noise, level: f32) {
        let _ = (noise, level);
    }

    /// Sets the colour of a medium. Smoothed over a tenth of a second.
    pub fn set_medium(&mut self, medium: Medium) {
        let _ = medium;
    }

    /// Sets the tempo that the delay follows, in quarter notes a minute.
    pub fn set_tempo(&mut self, bpm: f64) {
        let _ = bpm;
    }

    /// Sets the gain of a stem, linear, in addition to that of the style: 0 mutes it. Smoothed over 20 ms.
    pub fn set_stem_gain(&mut self, stem: Stem, gain: f32) {
        let _ = (stem, gain);
    }

    /// Starts a note: `in_frames` frames after the start of the next quantum (more than 64 are allowed), for `seconds` until it is
    /// released. `cents` are added to its pitch: the tuning of the session. Of the note, everything but its start, length, lateness
    /// and density is used. When all voices are in use, the quietest is faded out in 4 ms.
    pub fn start(&mut self, note: &Note, cents: f32, in_frames: usize, seconds: f32) {
        let hertz = note.pitch.hertz() * libm::exp2f(cents / 1_200.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of frames")]
        let left = (seconds * self.sample_rate as f32) as usize;
        let slot = self.next % self.voices.len();
        if let Some(voice) = self.voices.get_mut(slot) {
            *voice = Voice {
                stem: note.stem.index(),
                phase: 0.0,
                step: hertz / self.sample_rate as f32,
                gain: 0.2 * note.velocity,
                wait: in_frames,
                left,
            };
        }
        self.next = (self.next + 1) % self.voices.len();
    }

    /// Releases all notes.
    pub fn stop_all(&mut self) {
        for voice in &mut self.voices {
            voice.left = 0;
        }
    }

    /// Makes the next quantum of each stem, effects included. What `out` held is overwritten.
    pub fn render(&mut self, out: &mut Stems) {
        *out = super::SILENCE;
        for voice in &mut self.voices {
            let Some(block) = out.get_mut(voice.stem) else { continue };
            for frame in block.iter_mut().take(QUANTUM) {
                if voice.wait > 0 {
                    voice.wait -= 1;
                } else if voice.left > 0 {
                    voice.left -= 1;
                    voice.phase = (voice.phase + voice.step).fract();
                    let sample = voice.gain * libm::sinf(std::f32::consts::TAU * voice.phase);
                    *frame = frame.map(|v| v + sample);
                }
            }
        }
    }
}
