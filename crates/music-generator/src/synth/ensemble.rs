//! All voices of a player: a pool of each kind.

use super::instruments::{Kit, Sound, Stroke, placement, sound};
use super::kernels::math::{gain, whole_frames};
use super::pitch_track::PitchTrack;
use super::queue::Waiting;
#[cfg(feature = "soundfont")]
use super::sound_font::{SoundFont, SoundFontError, SoundFontVoices, root_mean_square};
use super::voices::Context;
use super::voices::drum::Drum;
use super::voices::phase_mod::PhaseMod;
use super::voices::pool::{Bus, Playing, Pool};
use super::voices::struck::Struck;
use super::voices::sustained::Sustained;
use crate::types::dice::Dice;
use crate::types::instrument::Instrument;
#[cfg(feature = "soundfont")]
use crate::types::note::Note;

/// A struck or plucked note that has decayed below this level is struck again when a note continues it.
const CONTINUE_ABOVE: f32 = 0.01;

/// All voices.
#[derive(Debug)]
pub struct Ensemble {
    #[cfg(feature = "soundfont")]
    sampled: Option<Box<SoundFontVoices>>,
    struck: Pool<Struck>,
    phase_mod: Pool<PhaseMod>,
    sustained: Pool<Sustained>,
    drums: Pool<Drum>,
    /// How often each instrument has been played: hits differ, and one instrument does not move the random numbers of another.
    counts: [u64; Instrument::ALL.len()],
    seed: u64,
    rate: f32,
}

impl Ensemble {
    /// Voices that are silent.
    pub fn new(rate: f32, seed: u64) -> Self {
        Self {
            #[cfg(feature = "soundfont")]
            sampled: None,
            struck: Pool::new(32),
            phase_mod: Pool::new(12),
            sustained: Pool::new(16),
            drums: Pool::new(16),
            counts: [0; Instrument::ALL.len()],
            seed,
            rate,
        }
    }

    /// Plays the instruments of a sound font in place of the built-in ones, each as loud as the built-in one. It takes some tenths of a
    /// second and allocates.
    ///
    /// # Errors
    /// As [`SoundFontVoices::new`].
    #[cfg(feature = "soundfont")]
    pub fn set_sound_font(&mut self, font: &SoundFont) -> Result<(), SoundFontError> {
        let rate = self.rate;
        let context = Context { rate, cutoff: 1.0, index: 1.0, noise: 1.0, seconds: 0.0 };
        let built_in = |note: &Note, seconds: f32| {
            let mut alone = Self::new(rate, 1);
            alone.start(&Waiting { note: *note, cents: 0.0, seconds, frames: 0 }, Kit::Dry);
            root_mean_square(seconds, rate, |buses| alone.render(&context, buses))
        };
        self.sampled = Some(Box::new(SoundFontVoices::new(font, rate, built_in)?));
        Ok(())
    }

    /// Begins a note within the next quantum.
    pub fn start(&mut self, waiting: &Waiting, kit: Kit) {
        #[cfg(feature = "soundfont")]
        if let Some(sampled) = &mut self.sampled
            && sampled.start(waiting)
        {
            return;
        }
        let note = &waiting.note;
        let instrument = note.instrument;
        let pitch = (note.pitch.0 + 0.01 * waiting.cents).clamp(0.0, 135.0);
        let velocity = note.velocity.clamp(0.0, 1.0);
        let place = placement(instrument);
        // Velocity moves the level by 30 dB from 0.1 to 1; the spectrum follows in each instrument.
        let level = velocity * velocity.sqrt();
        let calibrated = gain(place.level_db);
        let left = whole_frames(waiting.seconds.max(0.005), self.rate);
        let (stem, rate) = (note.stem.index(), self.rate);
        if note.legato
            && (self.sustained.continue_note((stem, instrument), pitch, note.glide, left, level, 0.0)
                || self.struck.continue_note((stem, instrument), pitch, note.glide, left, level, CONTINUE_ABOVE)
                || self.phase_mod.continue_note((stem, instrument), pitch, note.glide, left, level, CONTINUE_ABOVE))
        {
            return;
        }
        let hertz = 440.0 * libm::exp2f((pitch - 69.0) / 12.0);
        let stroke = Stroke { pitch, hertz, velocity, seconds: waiting.seconds, kit };
        let count = self.counts.get_mut(instrument.index());
        let number = count.map_or(0, |count| {
            *count += 1;
            *count
        });
        let dice = Dice::new(self.seed, "synth.note", instrument.index() as u64, number);
        let mut playing = Playing {
            stem,
            instrument,
            pitch: PitchTrack::new(pitch, note.glide, rate),
            left,
            pan: [calibrated * (1.0 - place.pan).sqrt(), calibrated * (1.0 + place.pan).sqrt()],
            room: gain(place.room_db),
            echo: if place.echo_db > -80.0 { gain(place.echo_db) } else { 0.0 },
        };
        if instrument == Instrument::HatClosed {
            self.drums.choke(Instrument::HatOpen, 0.012, rate);
        }
        let wait = waiting.frames;
        match sound(instrument, &stroke) {
            Sound::Struck(spec, own) => {
                if own != hertz {
                    playing.pitch = PitchTrack::new(pitch + 12.0 * libm::log2f(own / hertz), note.glide, rate);
                }
                self.struck.strike_again(&playing, rate);
                self.struck.start(playing, Struck::new(spec, level, own, dice), wait, rate);
            }
            Sound::PhaseMod(spec) => {
                self.phase_mod.strike_again(&playing, rate);
                self.phase_mod.start(playing, PhaseMod::new(spec, level, dice), wait, rate);
            }
            Sound::Sustained(spec, glide) => {
                if glide.is_some() {
                    playing.pitch = PitchTrack::new(pitch, glide, rate);
                }
                self.sustained.start(playing, Sustained::new(spec, level, dice), wait, rate);
            }
            Sound::Drum(spec) => self.drums.start(playing, Drum::new(spec, level, dice), wait, rate),
        }
    }

    /// Releases all notes.
    pub fn release_all(&mut self) {
        #[cfg(feature = "soundfont")]
        if let Some(sampled) = &mut self.sampled {
            sampled.release_all();
        }
        self.struck.release_all();
        self.phase_mod.release_all();
        self.sustained.release_all();
        self.drums.release_all();
    }

    /// The number of voices that sound.
    pub fn sounding(&self) -> usize {
        #[cfg(feature = "soundfont")]
        let sampled = self.sampled.as_ref().map_or(0, |sampled| sampled.sounding());
        #[cfg(not(feature = "soundfont"))]
        let sampled = 0;
        sampled + self.struck.sounding() + self.phase_mod.sounding() + self.sustained.sounding() + self.drums.sounding()
    }

    /// Adds a quantum of all voices to the buses of their stems.
    #[inline(always)]
    pub fn render(&mut self, context: &Context, buses: &mut [Bus]) {
        #[cfg(feature = "soundfont")]
        if let Some(sampled) = &mut self.sampled {
            sampled.render(buses);
        }
        self.struck.render(context, buses);
        self.phase_mod.render(context, buses);
        self.sustained.render(context, buses);
        self.drums.render(context, buses);
    }
}
