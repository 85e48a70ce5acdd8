//! A fixed number of voices of one kind.

use super::{Context, Sounding, Span};
use crate::synth::QUANTUM;
use crate::synth::kernels::math::{decay, frames};
use crate::synth::pitch_track::PitchTrack;
use crate::types::instrument::Instrument;
use crate::types::note::Glide;

/// Seconds in which a voice that another needs is faded out.
const STEAL_SECONDS: f32 = 0.004;
/// The time constant with which a string that is struck again loses its former sound, in seconds.
const STRUCK_AGAIN_SECONDS: f32 = 0.06;
/// The level below which a voice is free: -90 dB.
const FREE: f32 = 3.16e-5;
/// Frames after its release in which a note may still be continued by another.
const CONTINUE_FRAMES: usize = 12_000;

/// What the pool knows of a note.
#[derive(Clone, Copy, Debug)]
pub struct Playing {
    /// Its stem, as an index.
    pub stem: usize,
    /// Its instrument.
    pub instrument: Instrument,
    /// Its pitch.
    pub pitch: PitchTrack,
    /// Frames until it is released.
    pub left: usize,
    /// Gains of both channels.
    pub pan: [f32; 2],
    /// Gain to the room, in addition to the stem's.
    pub room: f32,
    /// Gain to the delay, in addition to the stem's.
    pub echo: f32,
}

#[derive(Clone, Debug)]
struct Slot<V> {
    playing: Playing,
    voice: V,
    /// Frames of the next quantum before it begins.
    wait: usize,
    age: usize,
    /// Frames since its release.
    since_release: usize,
    level: f32,
    /// The factor of a fade-out in a frame; 1 when it is not faded.
    fade: f32,
    faded: f32,
    serial: u64,
}

/// Voices of one kind. New ones take the place of the quietest when `most` sound.
#[derive(Clone, Debug)]
pub struct Pool<V> {
    slots: Box<[Option<Slot<V>>]>,
    most: usize,
    serial: u64,
}

/// Where the sound of a voice goes: the stem, the room, the delay.
#[derive(Clone, Debug)]
pub struct Bus {
    /// The stem itself.
    pub dry: [[f32; QUANTUM]; 2],
    /// What is sent to the room.
    pub room: [[f32; QUANTUM]; 2],
    /// What is sent to the delay.
    pub echo: [[f32; QUANTUM]; 2],
    /// Whether anything was added.
    pub used: bool,
}

impl Bus {
    /// Silence.
    pub const SILENT: Self =
        Self { dry: [[0.0; QUANTUM]; 2], room: [[0.0; QUANTUM]; 2], echo: [[0.0; QUANTUM]; 2], used: false };
}

impl<V: Sounding> Pool<V> {
    /// A pool in which `most` voices sound at once, and a quarter more while they fade out.
    pub fn new(most: usize) -> Self {
        Self { slots: (0..most + most.div_ceil(4)).map(|_| None).collect(), most, serial: 0 }
    }

    /// Fades out what the instrument still plays at this pitch: a string or a bar that is struck again.
    pub fn strike_again(&mut self, playing: &Playing, rate: f32) {
        let pitch = playing.pitch.now();
        for slot in self.slots.iter_mut().flatten() {
            let other = &slot.playing;
            let same = other.instrument == playing.instrument && other.stem == playing.stem;
            if same && slot.fade == 1.0 && (other.pitch.now() - pitch).abs() < 0.1 {
                slot.fade = decay(STRUCK_AGAIN_SECONDS, rate, 1.0);
            }
        }
    }

    /// Begins a note `wait` frames after the start of the next quantum.
    pub fn start(&mut self, playing: Playing, voice: V, wait: usize, rate: f32) {
        let sounding = self.slots.iter().flatten().filter(|slot| slot.fade == 1.0).count();
        if sounding >= self.most {
            // The quietest fades out. A voice that has just begun has no level yet and is not touched.
            let quietest = self.slots.iter_mut().flatten().filter(|slot| slot.fade == 1.0 && slot.age > 0);
            if let Some(slot) = quietest.min_by(|a, b| a.level.total_cmp(&b.level)) {
                slot.fade = decay(STEAL_SECONDS / 5.0, rate, 1.0);
            }
        }
        self.serial += 1;
        let slot = Slot {
            playing,
            voice,
            wait,
            age: 0,
            since_release: 0,
            level: 1.0,
            fade: 1.0,
            faded: 1.0,
            serial: self.serial,
        };
        if let Some(place) = self.slots.iter_mut().find(|place| place.is_none()) {
            *place = Some(slot);
        } else {
            // More notes at once than there are places: the one that has faded furthest ends.
            let place = self.slots.iter_mut().min_by(|a, b| {
                let level = |slot: &Option<Slot<V>>| slot.as_ref().map_or(0.0, |slot| slot.faded * slot.level);
                level(a).total_cmp(&level(b))
            });
            if let Some(place) = place {
                *place = Some(slot);
            }
        }
    }

    /// Continues the note of the same stem and instrument that ends about now, the nearest in pitch. False when there is none.
    pub fn continue_note(
        &mut self,
        (stem, instrument): (usize, Instrument),
        pitch: f32,
        glide: Option<Glide>,
        left: usize,
        gain: f32,
        floor: f32,
    ) -> bool {
        let candidates = self.slots.iter_mut().flatten().filter(|slot| {
            slot.playing.stem == stem
                && slot.playing.instrument == instrument
                && slot.fade == 1.0
                && slot.level > floor
                && slot.playing.left < CONTINUE_FRAMES
                && slot.since_release < CONTINUE_FRAMES
        });
        let nearest = candidates.min_by(|a, b| {
            let distance = |slot: &Slot<V>| (slot.playing.pitch.now() - pitch).abs();
            distance(a).total_cmp(&distance(b)).then(b.serial.cmp(&a.serial))
        });
        let Some(slot) = nearest else { return false };
        slot.playing.pitch.continue_with(pitch, glide);
        slot.playing.left = left;
        slot.since_release = 0;
        slot.voice.continue_with(gain);
        true
    }

    /// Fades out all notes of an instrument with this time constant in seconds: an open cymbal that is closed.
    pub fn choke(&mut self, instrument: Instrument, tau: f32, rate: f32) {
        for slot in self.slots.iter_mut().flatten().filter(|slot| slot.playing.instrument == instrument) {
            slot.fade = decay(tau, rate, 1.0);
        }
    }

    /// Releases all notes.
    pub fn release_all(&mut self) {
        for slot in self.slots.iter_mut().flatten() {
            slot.playing.left = 0;
        }
    }

    /// The number of voices that sound.
    pub fn sounding(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    /// Adds a quantum of all voices to the buses of their stems.
    #[inline(always)]
    pub fn render(&mut self, context: &Context, buses: &mut [Bus]) {
        for place in &mut self.slots {
            let Some(slot) = place else { continue };
            let from = slot.wait.min(QUANTUM);
            slot.wait -= from;
            let (mut left, mut right) = ([0.0; QUANTUM], [0.0; QUANTUM]);
            let (a, b) = (&mut left[from..], &mut right[from..]);
            let len = a.len();
            if len == 0 {
                continue;
            }
            let playing = &mut slot.playing;
            let step = PitchTrack::step(playing.pitch.now(), context.rate);
            playing.pitch.advance(frames(len));
            let next_step = PitchTrack::step(playing.pitch.now(), context.rate);
            let released = playing.left == 0;
            if released {
                slot.since_release = slot.since_release.saturating_add(len);
            }
            slot.level = slot.voice.render(context, Span { step, next_step, released, age: slot.age }, a, b);
            slot.age = slot.age.saturating_add(len);
            playing.left = playing.left.saturating_sub(len);
            if slot.fade < 1.0 {
                for (left, right) in a.iter_mut().zip(b.iter_mut()) {
                    slot.faded *= slot.fade;
                    *left *= slot.faded;
                    *right *= slot.faded;
                }
            }
            if let Some(bus) = buses.get_mut(playing.stem) {
                bus.used = true;
                for (channel, samples) in [&left, &right].into_iter().enumerate() {
                    let gain = playing.pan[channel];
                    for n in 0..QUANTUM {
                        let y = gain * samples[n];
                        bus.dry[channel][n] += y;
                        bus.room[channel][n] += playing.room * y;
                        bus.echo[channel][n] += playing.echo * y;
                    }
                }
            }
            let audible = slot.level * slot.faded * playing.pan[0].max(playing.pan[1]);
            if audible < FREE {
                *place = None;
            }
        }
    }
}
