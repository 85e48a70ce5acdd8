//! The player: voices, and what each stem goes through.

use crowd_engine::dsp::simd::{Arith, Simd, Task};

use super::ensemble::Ensemble;
use super::kernels::math::{exp2, gain};
use super::queue::{Queue, Waiting};
#[cfg(feature = "soundfont")]
use super::sound_font::{SoundFont, SoundFontError};
use super::voices::Context;
use super::voices::pool::Bus;
use super::{QUANTUM, Stems};
use crate::effects::chain::{Chain, Shared};
use crate::effects::duck::Duck;
use crate::effects::noises::Noises;
use crate::effects::reverb::RoomShape;
use crate::effects::smooth::Smooth;
use crate::effects::tape::Transport;
use crate::mix::StyleSound;
use crate::types::instrument::Instrument;
use crate::types::note::Note;
use crate::types::stem::Stem;
use crate::types::target::{Medium, Noise, Target};

/// Kicks in a quantum; more are ignored.
const KICKS: usize = 4;

/// Plays notes. Everything is allocated by [`Player::new`]; the other functions allocate nothing and take bounded time.
#[derive(Debug)]
pub struct Player {
    simd: Simd,
    rate: f32,
    ensemble: Ensemble,
    queue: Queue,
    buses: Box<[Bus]>,
    chains: Box<[Chain]>,
    shared: Shared,
    noises: Noises,
    sound: StyleSound,
    medium: Medium,
    brightness: Smooth,
    wow: Smooth,
    medium_low: Smooth,
    bpm: f64,
    /// Levels of noises that were set by name, in addition to those of the style.
    wanted: [f32; Noise::ALL.len()],
    kicks: [(usize, f32); KICKS],
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
            chains: Stem::ALL.map(|stem| Chain::new(stem, rate)).into(),
            shared: Shared {
                room: RoomShape::new(rate),
                transport: Transport::new(rate, seed),
                duck: Duck::new(rate),
                room_gain: 1.0,
            },
            noises: Noises::new(rate, seed),
            sound: StyleSound::default(),
            medium: Medium::default(),
            brightness: Smooth::new(0.5, 0.03, rate),
            wow: Smooth::new(0.0, 0.5, rate),
            medium_low: Smooth::new(0.0, 0.03, rate),
            bpm: 80.0,
            wanted: [0.0; Noise::ALL.len()],
            kicks: [(0, 0.0); KICKS],
            frame: 0,
        }
    }

    /// Plays the instruments of a sound font in place of the built-in ones, each as loud as the built-in one. It takes some tenths of a
    /// second and allocates.
    ///
    /// # Errors
    /// The sample rate is out of range, or a sample of the file cannot be played.
    #[cfg(feature = "soundfont")]
    pub fn set_sound_font(&mut self, font: &SoundFont) -> Result<(), SoundFontError> {
        self.ensemble.set_sound_font(font)
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

    /// Sets levels, sends, room, delay and tape. Changes are smoothed; before the first quantum they are immediate.
    pub fn set_sound(&mut self, sound: &StyleSound) {
        self.sound = *sound;
        for (chain, stem) in self.chains.iter_mut().zip(&sound.stems) {
            chain.set(stem, sound.sampler_db);
        }
        self.shared.room.set(sound.room.t60, sound.room.pre_delay_ms);
        self.set_tempo(self.bpm);
        self.follow();
        for noise in Noise::ALL {
            self.follow_noise(noise);
        }
    }

    /// Sets the brightness, 0 to 1: all cutoffs are scaled by 2^(2.4 (brightness - 0.5)), and noises become darker or brighter with the
    /// music. Smoothed over a tenth of a second.
    pub fn set_brightness(&mut self, brightness: f32) {
        self.brightness.set(brightness.clamp(0.0, 1.0));
        self.follow();
    }

    /// Sets the level of a noise, 0 (silent) to 1; noises of the style sound at their own level at least. Faded over a second.
    pub fn set_noise(&mut self, noise: Noise, level: f32) {
        if let Some(wanted) = self.wanted.get_mut(noise.index()) {
            *wanted = level;
        }
        self.follow_noise(noise);
    }

    fn follow_noise(&mut self, noise: Noise) {
        let level = |levels: &[f32]| levels.get(noise.index()).copied().unwrap_or(0.0);
        // Their powers are added, so that a noise that a style has anyway is louder when a prompt asks for it.
        self.noises.set(noise, libm::hypotf(level(&self.wanted), level(&self.sound.noises)));
    }

    /// Sets the colour of a medium. Smoothed over a tenth of a second.
    pub fn set_medium(&mut self, medium: Medium) {
        self.medium = medium;
        self.follow();
    }

    /// Passes brightness and medium on.
    fn follow(&mut self) {
        let bright = exp2(2.4 * (self.brightness.target() - 0.5));
        let high_cut = if self.sound.high_cut > 0.0 { self.sound.high_cut } else { 20_000.0 };
        for chain in &mut self.chains {
            chain.set_tone(high_cut * bright, &self.medium);
        }
        self.medium_low.set(self.medium.low_cut.clamp(0.0, 2_000.0));
        self.wow.set(self.medium.wow.clamp(0.0, 4.0));
        if self.frame == 0 {
            self.brightness.jump(self.brightness.target());
            self.medium_low.jump(self.medium_low.target());
            self.wow.jump(self.wow.target());
            for chain in &mut self.chains {
                chain.jump();
            }
        }
    }

    /// Sets the tempo that the delay follows, in quarter notes a minute.
    pub fn set_tempo(&mut self, bpm: f64) {
        self.bpm = bpm.clamp(20.0, 400.0);
        let echo = self.sound.echo;
        let seconds = if echo.beats > 0.0 { echo.beats * (60.0 / self.bpm) as f32 } else { echo.seconds };
        for chain in &mut self.chains {
            chain.set_echo(seconds, echo.feedback);
        }
    }

    /// Sets the gain of a stem, linear, in addition to that of the style: 0 mutes it. Smoothed over 20 ms; at once before the first
    /// quantum.
    pub fn set_stem_gain(&mut self, stem: Stem, gain: f32) {
        if let Some(chain) = self.chains.get_mut(stem.index()) {
            chain.set_user_gain(gain);
            if self.frame == 0 {
                chain.jump();
            }
        }
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

    /// The delay of all stems, in frames: that of the tape.
    pub fn latency(&self) -> usize {
        super::kernels::math::whole_frames(crate::effects::tape::DELAY_SECONDS, self.rate)
    }

    /// Makes the next quantum of each stem, effects included. What `out` held is overwritten.
    pub fn render(&mut self, out: &mut Stems) {
        let kicks = self.start_due();
        let release = self.sound.duck_release_ms * 1e-3;
        self.shared.duck.advance(self.kicks.get(..kicks).unwrap_or(&[]), release);
        let wow = self.wow.advance().1;
        self.shared.transport.advance(wow * self.sound.tape.wow_cents, wow * self.sound.tape.flutter_cents);
        self.shared.room.advance();
        let simd = self.simd;
        simd.run(Render { player: self, out });
        self.frame += QUANTUM as u64;
    }

    /// Starts the notes of the next quantum. Returns the number of kicks among them.
    fn start_due(&mut self) -> usize {
        let Self { ensemble, queue, kicks, sound, .. } = self;
        let mut count = 0;
        queue.due(QUANTUM, |waiting| {
            ensemble.start(waiting, sound.kit);
            let place = kicks.get_mut(count).filter(|_| waiting.note.instrument == Instrument::Kick);
            if let Some(kick) = place {
                *kick = (waiting.frames, 0.4 + 0.6 * waiting.note.velocity);
                count += 1;
            }
        });
        count
    }

    #[inline(always)]
    fn render_all(&mut self, out: &mut Stems) {
        for bus in &mut self.buses {
            *bus = Bus::SILENT;
        }
        let brightness = self.brightness.advance().1;
        let seconds = self.frame as f64 / f64::from(self.rate);
        let context = Context {
            rate: self.rate,
            cutoff: exp2(2.4 * (brightness - 0.5)),
            index: 0.6 + 0.8 * brightness,
            noise: gain(6.0 * (brightness - 0.5)),
            seconds,
        };
        self.ensemble.render(&context, &mut self.buses);
        let medium_low = self.medium_low.advance().1;
        for (chain, bus) in self.chains.iter_mut().zip(&mut self.buses) {
            chain.process(&self.shared, bus, medium_low, self.medium.mono);
        }
        let texture = Stem::Texture.index();
        if let (Some(chain), Some(bus)) = (self.chains.get(texture), self.buses.get_mut(texture)) {
            self.noises.render(brightness, self.medium.mono, chain.user_gains(), &mut bus.dry);
        }
        for (block, bus) in out.iter_mut().zip(&self.buses) {
            for ((frame, left), right) in block.iter_mut().zip(bus.dry[0]).zip(bus.dry[1]) {
                *frame = [left, right];
            }
        }
    }
}

/// Renders a quantum with the best instructions of this processor. Products and sums are not fused, so that all processors compute
/// the same.
struct Render<'a> {
    player: &'a mut Player,
    out: &'a mut Stems,
}

impl Task for Render<'_> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        self.player.render_all(self.out);
    }
}

#[cfg(test)]
#[path = "player_tests.rs"]
mod tests;
