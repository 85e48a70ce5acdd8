//! The wsola method: waveform similarity overlap-add for the upper band, a small phase vocoder for the lower one.
//!
//! W. Verhelst and M. Roelands, "An overlap-add technique based on waveform similarity (WSOLA) for high quality
//! time-scale modification of speech", ICASSP 1993. The use of one method for hits and noise and the other for chords
//! and voices, each in its own band, is from D. Dorran, R. Lawlor and E. Coyle, "A hybrid time-frequency domain
//! approach to audio time-scale modification", Journal of the AES 54 (2006). S. Grofit and Y. Lavner, "Time-scale
//! modification of audio signals using enhanced WSOLA with management of transients", IEEE Transactions on Audio,
//! Speech, and Language Processing 16 (2008), copy transients unchanged; both bands do so here.

mod band_split;
mod fractional_delay;
mod grains;

use super::source::Source;
use super::stretch_trait::{Latency, Stretch};
use super::vocoder::Vocoder;
use crate::dsp::{Position, QUANTUM, Step};
use crate::types::cast::index;
use crate::types::units::Rate;
use band_split::{BandSplit, DECIMATION, LEAD, LOW_QUANTUM};
use grains::Grains;

/// Keeps the pitch at a low cost.
///
/// Above some 2 kHz the track is copied in grains. They join where their waveforms are alike, or just before an onset,
/// where the attack masks the join. Below 2 kHz grains would make chords rough, so a phase vocoder at an eighth of the
/// sample rate stretches this band. At speed 1 the method is a bypass.
pub struct Wsola {
    bands: BandSplit,
    low: Vocoder,
    high: Grains,
    /// The quantum that is being output.
    quantum: [[f32; QUANTUM]; 2],
    /// The number of its frames that were output.
    taken: usize,
    started: bool,
    /// Whether the output is the source.
    bypass: bool,
    /// In bypass, the frame of the source that follows this quantum. The next quantum begins there, even if the tempo
    /// changed within this quantum, which moves the playhead slightly away from that frame.
    next: i64,
}

crate::types::opaque::opaque_debug!(Wsola);

impl Wsola {
    /// For an engine of `sample_rate` frames per second.
    pub fn new(sample_rate: u32) -> Self {
        Self {
            bands: BandSplit::new(),
            low: Vocoder::new(f64::from(sample_rate) / DECIMATION as f64, 1),
            high: Grains::new(f64::from(sample_rate)),
            quantum: [[0.0; QUANTUM]; 2],
            taken: QUANTUM,
            started: false,
            bypass: false,
            next: 0,
        }
    }

    /// The number of frames that are read before a position, and after it, at this rate.
    pub(crate) fn reach(&self, rate: f64) -> usize {
        let low = (self.low.reach(rate.max(1.0)) + LOW_QUANTUM + LEAD) * DECIMATION;
        low.max(index(self.high.lookahead(rate).unsigned_abs()))
    }

    /// Makes the next quantum.
    fn make(&mut self, source: &dyn Source, position: Position, step: Step) {
        if self.bypass && step.is_unity() && position.frame() == self.next {
            self.next += QUANTUM as i64;
            let [left, right] = &mut self.quantum;
            return source.read(position.frame(), [left, right]);
        }
        let begin = if self.bypass { Position::from_frames(self.next) } else { position };
        if self.bypass {
            self.restart();
        }
        let speed = step.rate();
        if !self.started {
            self.bands.start(source, begin.frame());
            self.high.start(begin.frame());
        }
        let lookahead = (self.low.reach(speed.max(1.0)) + LOW_QUANTUM + LEAD) * DECIMATION;
        self.bands.extend(source, position.frame(), speed, lookahead as i64, self.high.lookahead(speed));
        if !self.started {
            self.started = true;
            // The interpolation of the first quantum needs two quanta of the lower band.
            for lead in 0..LEAD / LOW_QUANTUM {
                self.low(source, begin.advance(step, lead * QUANTUM), step);
            }
        }
        self.low(source, position.advance(step, LEAD * DECIMATION), step);
        self.bands.fill_low(&mut self.quantum);
        self.high.add(&self.bands, source, position, speed, &mut self.quantum);
        if step.is_unity() && self.low.is_bypassed() && self.high.is_at(position.frame()) {
            // The lower band may deviate from the source by up to half a decimated frame, so a cross-fade leads to the source.
            (self.bypass, self.next) = (true, position.frame() + QUANTUM as i64);
            let mut direct = [[0.0; QUANTUM]; 2];
            let [left, right] = &mut direct;
            source.read(position.frame(), [left, right]);
            for (out, direct) in self.quantum.iter_mut().zip(&direct) {
                for (i, (out, direct)) in out.iter_mut().zip(direct).enumerate() {
                    *out += (direct - *out) * ((i as f32 + 0.5) / QUANTUM as f32);
                }
            }
        }
    }

    /// Makes the quantum of the lower band for the output at `position`.
    fn low(&mut self, source: &dyn Source, position: Position, step: Step) {
        let mut quantum = [[0.0; LOW_QUANTUM]; 2];
        let [left, right] = &mut quantum;
        let decimated = self.bands.decimated(position);
        self.low.process(&self.bands.low(source), decimated, step, [left, right], &mut ());
        self.bands.push_low(&quantum);
    }

    fn restart(&mut self) {
        (self.started, self.bypass) = (false, false);
        self.low.reset();
        self.high.reset();
    }
}

impl Stretch for Wsola {
    fn process(&mut self, source: &dyn Source, position: Position, step: Step, out: [&mut [f32]; 2]) {
        let [left, right] = out;
        let frames = left.len().min(right.len());
        if !self.started && !self.bypass && step.is_unity() {
            (self.bypass, self.next) = (true, position.frame());
        }
        let mut from = 0;
        while from < frames {
            if self.taken == QUANTUM {
                self.make(source, position.advance(step, from), step);
                self.taken = 0;
            }
            let count = (QUANTUM - self.taken).min(frames - from);
            left[from..from + count].copy_from_slice(&self.quantum[0][self.taken..self.taken + count]);
            right[from..from + count].copy_from_slice(&self.quantum[1][self.taken..self.taken + count]);
            self.taken += count;
            from += count;
        }
    }

    fn latency(&self) -> Latency {
        Latency { input: self.low.reach(Rate::MAX.get()) * DECIMATION, output: 0 }
    }

    fn moved(&mut self, by: i64) {
        if by != 0 {
            self.bands.moved(by);
            self.high.moved(by);
            self.next += by;
        }
    }

    fn reset(&mut self) {
        self.restart();
        self.taken = QUANTUM;
    }
}
