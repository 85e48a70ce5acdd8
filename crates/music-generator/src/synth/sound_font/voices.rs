//! Sampled voices: a synthesizer for each stem, a channel for each instrument.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustysynth::{Synthesizer, SynthesizerSettings};

use super::{SoundFont, SoundFontError, program_number};
use crate::synth::QUANTUM;
use crate::synth::instruments::{Placement, placement};
use crate::synth::kernels::math::{gain, whole_frames};
use crate::synth::pitch_track::PitchTrack;
use crate::synth::queue::Waiting;
use crate::synth::voices::pool::Bus;
use crate::types::instrument::Instrument;
use crate::types::note::Note;
use crate::types::stem::Stem;

/// Semitones that a channel can bend either way.
const BEND_RANGE: f32 = 48.0;
/// The gain of all synthesizers: volumes of channels, which are 1 at most, are relative to it.
const MASTER: f32 = 8.0;
/// Notes of a stem that may sound at once.
const NOTES: usize = 64;
/// The channel that General MIDI keeps for drums.
const DRUMS: u8 = 9;
/// How hard the notes are played that set the level of an instrument, and how long they are, in seconds.
const TEST_VELOCITY: f32 = 0.7;
const TEST_SECONDS: f32 = 1.5;
/// How far an instrument of the file is made louder at most.
const MOST_GAIN: f32 = 8.0;

/// The sampled voices of all stems.
pub struct SoundFontVoices {
    /// The gain that makes an instrument as loud as the built-in one, for the instruments that the file has.
    gains: [Option<f32>; Instrument::ALL.len()],
    stems: Box<[StemVoices]>,
    rate: f32,
}

/// A note that is held.
#[derive(Clone, Copy)]
struct Held {
    channel: u8,
    key: i32,
    /// Frames until it is released.
    left: usize,
    velocity: i32,
    /// Whether the synthesizer has begun it.
    begun: bool,
}

/// What a channel plays.
struct Channel {
    instrument: Instrument,
    pitch: PitchTrack,
    /// The key of the note that the pitch belongs to.
    key: i32,
    /// When it was used last, to find the one that is free longest.
    used: u64,
}

struct StemVoices {
    synthesizer: Synthesizer,
    channels: [Option<Channel>; Synthesizer::CHANNEL_COUNT],
    held: Vec<Held>,
    /// Sends of the instrument that began a note last.
    place: Placement,
    count: u64,
    /// Frames since a note sounded: a stem that is silent costs nothing.
    silent: usize,
}

impl SoundFontVoices {
    /// Voices that are silent. `built_in` plays a note of a length in seconds on the built-in instrument and returns its root mean
    /// square: each sampled instrument is made as loud.
    ///
    /// # Errors
    /// The sample rate is out of range, or a sample of the file cannot be played.
    pub fn new(
        font: &SoundFont,
        rate: f32,
        mut built_in: impl FnMut(&Note, f32) -> f32,
    ) -> Result<Self, SoundFontError> {
        let mut settings = SynthesizerSettings::new(rate as i32);
        settings.block_size = QUANTUM;
        settings.maximum_polyphony = NOTES;
        settings.enable_reverb_and_chorus = false;
        let stem = || {
            let mut synthesizer =
                Synthesizer::new(&font.font, &settings).map_err(|_| SoundFontError::SampleRate(rate as u32))?;
            synthesizer.set_master_volume(MASTER);
            Ok::<_, SoundFontError>(StemVoices {
                synthesizer,
                channels: Default::default(),
                held: Vec::with_capacity(NOTES),
                place: placement(Instrument::GrandPiano),
                count: 0,
                silent: usize::MAX,
            })
        };
        let mut voices = Self {
            gains: [None; Instrument::ALL.len()],
            stems: Stem::ALL.iter().map(|_| stem()).collect::<Result<_, _>>()?,
            rate,
        };
        for instrument in font.instruments() {
            let note = test_note(instrument);
            let wanted = built_in(&note, TEST_SECONDS);
            if let Some(place) = voices.gains.get_mut(instrument.index()) {
                *place = Some(1.0);
            }
            // The first notes of an instrument show, too, whether its samples can be played at all.
            let level = catch_unwind(AssertUnwindSafe(|| voices.test(&note))).map_err(|_| SoundFontError::Format {
                path: font.path.clone(),
                problem: format!("its preset {} cannot be played", program_number(instrument).unwrap_or_default()),
            })?;
            if let Some(place) = voices.gains.get_mut(instrument.index()) {
                // A preset without a sample at this pitch is left to the built-in instrument.
                *place = (level > 1e-6).then(|| (wanted / level).min(MOST_GAIN));
            }
        }
        Ok(voices)
    }

    /// The root mean square of a note, and silence after it.
    fn test(&mut self, note: &Note) -> f32 {
        self.start(&Waiting { note: *note, cents: 0.0, seconds: TEST_SECONDS, frames: 0 });
        let level = root_mean_square(TEST_SECONDS, self.rate, |buses| self.render(buses));
        for stem in &mut self.stems {
            stem.synthesizer.reset();
            stem.channels = Default::default();
            stem.held.clear();
            stem.silent = usize::MAX;
        }
        level
    }

    /// Begins a note at the start of the next quantum. False when the file has no such instrument, so that the built-in one plays it.
    pub fn start(&mut self, waiting: &Waiting) -> bool {
        let note = &waiting.note;
        let Some(Some(volume)) = self.gains.get(note.instrument.index()) else { return false };
        let Some(stem) = self.stems.get_mut(note.stem.index()) else { return false };
        let left = whole_frames(waiting.seconds.max(0.005), self.rate);
        stem.start(waiting, *volume, left, self.rate);
        true
    }

    /// Releases all notes.
    pub fn release_all(&mut self) {
        for stem in &mut self.stems {
            stem.synthesizer.note_off_all(false);
            stem.held.clear();
        }
    }

    /// The number of notes that are held.
    pub fn sounding(&self) -> usize {
        self.stems.iter().map(|stem| stem.held.len()).sum()
    }

    /// Adds a quantum of all voices to the buses of their stems.
    pub fn render(&mut self, buses: &mut [Bus]) {
        for (stem, bus) in self.stems.iter_mut().zip(buses) {
            stem.render(bus, self.rate);
        }
    }
}

impl StemVoices {
    fn start(&mut self, waiting: &Waiting, volume: f32, left: usize, rate: f32) {
        let note = &waiting.note;
        let pitch = (note.pitch.0 + 0.01 * waiting.cents).clamp(0.0, 127.0);
        let Some(number) = self.channel(note.instrument, volume) else { return };
        self.place = placement(note.instrument);
        let Some(Some(channel)) = self.channels.get_mut(usize::from(number)) else { return };
        let held = self.held.iter_mut().rev().find(|held| held.channel == number);
        if let Some(held) = held
            && note.legato
        {
            channel.pitch.continue_with(pitch, note.glide);
            held.left = left;
            return;
        }
        channel.key = pitch.round() as i32;
        channel.pitch = PitchTrack::new(pitch, note.glide, rate);
        let key = channel.key;
        // The end of an older note of this key would end this one, too.
        if let Some(place) = self.held.iter().position(|held| held.channel == number && held.key == key) {
            self.held.remove(place);
            self.synthesizer.note_off(i32::from(number), key);
        }
        if self.held.len() < NOTES {
            // The level of a sampled note rises with the square of its velocity, that of a built-in one with the power of 1.5.
            let velocity = (127.0 * note.velocity.clamp(0.0, 1.0).powf(0.75)).round().clamp(1.0, 127.0) as i32;
            self.held.push(Held { channel: number, key, left, velocity, begun: false });
        }
    }

    /// The channel of an instrument: its own, a new one, or that which was not used for longest.
    fn channel(&mut self, instrument: Instrument, volume: f32) -> Option<u8> {
        self.count += 1;
        let usable = || (0..16_u8).filter(|number| *number != DRUMS);
        let at = |number: u8| self.channels.get(usize::from(number)).and_then(Option::as_ref);
        let own = usable().find(|number| at(*number).is_some_and(|channel| channel.instrument == instrument));
        let number = own.or_else(|| usable().min_by_key(|number| at(*number).map_or(0, |channel| channel.used)))?;
        let place = self.channels.get_mut(usize::from(number))?;
        match place {
            Some(channel) if own.is_some() => channel.used = self.count,
            _ => {
                let pitch = PitchTrack::default();
                *place = Some(Channel { instrument, pitch, key: 60, used: self.count });
                let program = i32::from(program_number(instrument)?);
                // A channel's gain is the square of its volume.
                let volume = ((volume / MASTER).clamp(0.0, 1.0).sqrt() * 16_383.0) as i32;
                let pan = ((placement(instrument).pan * 0.5 + 0.5) * 127.0) as i32;
                let bend = [(0x65, 0), (0x64, 0), (0x06, BEND_RANGE as i32), (0x26, 0)];
                let controllers = [(0x07, volume >> 7), (0x27, volume & 127), (0x0B, 127), (0x0A, pan)];
                self.synthesizer.process_midi_message(i32::from(number), 0xC0, program, 0);
                for (controller, value) in bend.into_iter().chain(controllers) {
                    self.synthesizer.process_midi_message(i32::from(number), 0xB0, controller, value);
                }
            }
        }
        Some(number)
    }

    fn render(&mut self, bus: &mut Bus, rate: f32) {
        self.silent = if self.held.is_empty() { self.silent.saturating_add(QUANTUM) } else { 0 };
        // The longest release of a sampled note is shorter.
        if self.silent > whole_frames(20.0, rate) {
            return;
        }
        for (number, channel) in (0..).zip(&mut self.channels) {
            let Some(channel) = channel else { continue };
            let semitones = channel.pitch.now() - channel.key as f32;
            let bend = (8_192.0 + semitones / BEND_RANGE * 8_192.0).clamp(0.0, 16_383.0) as i32;
            self.synthesizer.process_midi_message(number, 0xE0, bend & 127, bend >> 7);
            channel.pitch.advance(QUANTUM as f32);
        }
        let synthesizer = &mut self.synthesizer;
        self.held.retain_mut(|held| {
            let channel = i32::from(held.channel);
            if !held.begun {
                held.begun = true;
                synthesizer.note_on(channel, held.key, held.velocity);
            }
            if held.left == 0 {
                synthesizer.note_off(channel, held.key);
                return false;
            }
            held.left = held.left.saturating_sub(QUANTUM);
            true
        });
        let (mut left, mut right) = ([0.0; QUANTUM], [0.0; QUANTUM]);
        synthesizer.render(&mut left, &mut right);
        bus.used = true;
        let (room, echo) = (gain(self.place.room_db), gain(self.place.echo_db));
        let echo = if self.place.echo_db > -80.0 { echo } else { 0.0 };
        for (block, gain) in [(&mut bus.dry, 1.0), (&mut bus.room, room), (&mut bus.echo, echo)] {
            for (channel, samples) in block.iter_mut().zip([&left, &right]) {
                for (sum, sample) in channel.iter_mut().zip(samples) {
                    *sum += gain * sample;
                }
            }
        }
    }
}

/// The note that sets the level of an instrument.
fn test_note(instrument: Instrument) -> Note {
    let is_bass = matches!(instrument, Instrument::Upright | Instrument::SynthBass);
    Note {
        stem: if is_bass { Stem::Bass } else { Stem::Harmony },
        instrument,
        start: Default::default(),
        length: Default::default(),
        late_ms: 0.0,
        pitch: crate::types::pitch::Pitch(if is_bass { 40.0 } else { 64.0 }),
        velocity: TEST_VELOCITY,
        from_density: 0.0,
        glide: None,
        legato: false,
    }
}

/// The root mean square of both channels of what is rendered in some seconds.
pub fn root_mean_square(seconds: f32, rate: f32, mut render: impl FnMut(&mut [Bus])) -> f32 {
    let quanta = whole_frames(seconds, rate).div_ceil(QUANTUM);
    let mut sum = 0.0_f64;
    for _ in 0..quanta {
        let mut buses: [Bus; Stem::COUNT] = std::array::from_fn(|_| Bus::SILENT);
        render(&mut buses);
        sum += buses.iter().flat_map(|bus| bus.dry.as_flattened()).map(|x| f64::from(x * x)).sum::<f64>();
    }
    (sum / (2 * quanta * QUANTUM) as f64).sqrt() as f32
}

/// Without the samples.
impl fmt::Debug for SoundFontVoices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoundFontVoices").field("gains", &self.gains).finish_non_exhaustive()
    }
}
