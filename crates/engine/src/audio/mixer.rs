//! The mixer makes one stereo mix of the decks. It has equalisers, faders, the sum, the master gain, the limiter and meters.

mod tone;

use super::deck::Deck;
use super::fade::Fade;
use crate::dsp::simd::{Arith, Simd, Task};
use crate::dsp::{EqBank, Lanes, Limiter, Meter, QUANTUM};
use crate::types::band::Band;
use crate::types::cast::single;
use crate::types::crossfade_law::CrossfadeLaw;
use crate::types::units::{Frames, Gain, SampleRate};
use tone::Tone;

/// Decks that share one bank of vector lanes.
const PER_BANK: usize = 4;
/// A flat equaliser becomes a bypass after its deck has been silent for this long.
const RELEASE_SECONDS: f64 = 0.2;
/// The fall rate of the deck meters.
const FALL_DB_PER_SECOND: f64 = 20.0;

/// Four decks, whose channels are the eight lanes of a vector. Lane 2 i is the left channel of deck i, and lane 2 i + 1 the
/// right channel.
struct Bank {
    simd: Simd,
    eq: EqBank,
    /// The sound of the decks in the span that is being mixed.
    span: [Lanes; QUANTUM],
    /// The fader gains, when no fader moves in the span.
    steady: Lanes,
    /// The fader gains of each frame, when a fader moves in the span.
    gains: [Lanes; QUANTUM],
    /// Whether a fader moves in the span.
    moving: bool,
    /// The peak level of each lane, which falls at the rate of the meter.
    peaks: Lanes,
    /// For each deck, the number of frames for which it has been silent.
    silent_for: [usize; PER_BANK],
}

impl Bank {
    fn new(sample_rate: SampleRate) -> Self {
        Self {
            simd: Simd::detect(),
            eq: EqBank::new(sample_rate.get()),
            span: [[0.0; 8]; QUANTUM],
            steady: [0.0; 8],
            gains: [[0.0; 8]; QUANTUM],
            moving: false,
            peaks: [0.0; 8],
            silent_for: [0; PER_BANK],
        }
    }

    /// Copies a deck's sound into its lanes.
    fn fill(&mut self, slot: usize, sound: [&[f32]; 2]) {
        let [left, right] = sound;
        for (lanes, (left, right)) in self.span.iter_mut().zip(left.iter().zip(right)) {
            lanes[2 * slot] = *left;
            lanes[2 * slot + 1] = *right;
        }
    }

    /// Stores the gains of a deck's fader for a span of `frames` frames.
    fn fade(&mut self, slot: usize, frames: usize, deck: &mut Deck) {
        let lanes = 2 * slot..2 * slot + 2;
        if deck.fader.is_settled() && deck.fade.is_settled() {
            let gain = deck.fader.value() * deck.fade.value();
            self.steady[lanes.clone()].fill(gain);
            if self.moving {
                self.gains[..frames].iter_mut().for_each(|gains| gains[lanes.clone()].fill(gain));
            }
        } else {
            if !self.moving {
                self.moving = true;
                self.gains[..frames].fill(self.steady);
            }
            for gains in &mut self.gains[..frames] {
                gains[lanes.clone()].fill(deck.fader.next() * deck.fade.next());
            }
        }
    }

    /// Applies equalisers and faders, and adds the span to `mix`.
    fn mix(&mut self, mix: &mut [[f32; 2]]) {
        let span = &mut self.span[..mix.len()];
        self.eq.process(span);
        let (simd, peaks) = (self.simd, &mut self.peaks);
        if self.moving {
            simd.run(AddToMix { span, gains: self.gains.iter(), peaks, mix });
        } else {
            simd.run(AddToMix { span, gains: std::iter::repeat(&self.steady), peaks, mix });
        }
        self.moving = false;
    }

    fn count_silence(&mut self, slot: usize, sounds: bool, frames: usize, limit: usize) {
        let silent = &mut self.silent_for[slot];
        *silent = if sounds { 0 } else { silent.saturating_add(frames) };
        if *silent >= limit && self.eq.engaged() {
            self.eq.release(slot);
        }
    }
}

/// Multiplies four decks with their gains and adds them to a mix.
struct AddToMix<'a, G> {
    span: &'a [Lanes],
    /// The gains of each frame.
    gains: G,
    peaks: &'a mut Lanes,
    mix: &'a mut [[f32; 2]],
}

impl<'a, G: Iterator<Item = &'a Lanes>> Task for AddToMix<'_, G> {
    type Out = ();

    #[inline(always)]
    fn run<A: Arith>(self) {
        let mut peaks = *self.peaks;
        for ((lanes, gains), out) in self.span.iter().zip(self.gains).zip(self.mix) {
            let mut faded = [0.0; 8];
            for lane in 0..8 {
                faded[lane] = lanes[lane] * gains[lane];
                let level = faded[lane].abs();
                peaks[lane] = if level > peaks[lane] { level } else { peaks[lane] };
            }
            out[0] += (faded[0] + faded[2]) + (faded[4] + faded[6]);
            out[1] += (faded[1] + faded[3]) + (faded[5] + faded[7]);
        }
        *self.peaks = peaks;
    }
}

/// What was measured of a finished quantum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuantumReport {
    pub limiter_gain: f32,
    pub not_finite: u32,
    pub peak: f32,
}

/// The signal path after the decks.
pub(crate) struct Mixer {
    banks: Box<[Bank]>,
    master: Fade,
    tone: Tone,
    limiter: Limiter,
    meter: Meter,
    release: usize,
    fall: f32,
}

impl Mixer {
    pub fn new(decks: usize, sample_rate: SampleRate) -> Self {
        let seconds = QUANTUM as f64 / f64::from(sample_rate.get());
        Self {
            banks: (0..decks.div_ceil(PER_BANK)).map(|_| Bank::new(sample_rate)).collect(),
            master: Fade::new(1.0),
            tone: Tone::new(sample_rate),
            limiter: Limiter::new(sample_rate.get(), 1.0),
            meter: Meter::new(sample_rate.get()),
            release: sample_rate.frames_in(RELEASE_SECONDS),
            fall: single(10f64.powf(-FALL_DB_PER_SECOND * seconds / 20.0)),
        }
    }

    /// Frames by which the limiter delays the mix.
    pub fn lookahead(&self) -> usize {
        self.limiter.lookahead()
    }

    pub fn set_eq(&mut self, deck: usize, band: Band, gain: Gain) {
        if let Some(bank) = self.banks.get_mut(deck / PER_BANK) {
            bank.eq.set(deck % PER_BANK, band, gain.get());
        }
    }

    pub fn set_master(&mut self, gain: Gain, over: usize, law: CrossfadeLaw) {
        self.master.set(gain.get(), over, law);
    }

    pub fn start_tone(&mut self, hertz: f32, gain: Gain, over: Frames) {
        self.tone.start(hertz, gain.get(), over.0);
    }

    /// Copies the sound of deck `index`, one slice per channel.
    pub fn take(&mut self, index: usize, deck: &mut Deck, sound: [&[f32]; 2], sounds: bool) {
        let frames = sound[0].len();
        let Some(bank) = self.banks.get_mut(index / PER_BANK) else { return };
        let slot = index % PER_BANK;
        bank.fill(slot, sound);
        bank.fade(slot, frames, deck);
        bank.count_silence(slot, sounds, frames, self.release);
    }

    /// Mixes the copied decks into `mix`, a span of a quantum. The span is overwritten.
    pub fn mix(&mut self, mix: &mut [[f32; 2]]) {
        mix.fill([0.0; 2]);
        for bank in &mut self.banks {
            bank.mix(mix);
        }
        self.tone.add(mix);
        if !self.master.is_settled() || self.master.value() != 1.0 {
            for frame in mix {
                let gain = self.master.next();
                *frame = [frame[0] * gain, frame[1] * gain];
            }
        }
    }

    /// Finishes a whole quantum. The limiter delays it by its lookahead and limits it, and the meters measure it.
    pub fn finish(&mut self, quantum: &mut [[f32; 2]]) -> QuantumReport {
        let limited = self.limiter.process(quantum);
        self.meter.process(quantum);
        for bank in &mut self.banks {
            for peak in &mut bank.peaks {
                *peak = if *peak > 1e-7 { *peak * self.fall } else { 0.0 };
            }
        }
        let peak = quantum.as_flattened().iter().fold(0.0f32, |peak, x| if x.abs() > peak { x.abs() } else { peak });
        QuantumReport { limiter_gain: limited.gain, not_finite: limited.not_finite, peak }
    }

    pub fn rms(&self) -> f32 {
        self.meter.rms()
    }

    pub fn momentary(&self) -> f32 {
        self.meter.momentary()
    }

    /// The peak level of a deck after its fader. It falls at the rate of the meter.
    pub fn deck_peak(&self, deck: usize) -> f32 {
        let slot = deck % PER_BANK;
        self.banks.get(deck / PER_BANK).map_or(0.0, |bank| bank.peaks[2 * slot].max(bank.peaks[2 * slot + 1]))
    }
}
