//! Waveform similarity overlap-add for the upper half of the spectrum, a small phase vocoder for the lower.
//!
//! W. Verhelst and M. Roelands, "An overlap-add technique based on waveform similarity (WSOLA) for high quality time-scale
//! modification of speech", ICASSP 1993. That the one suits hits and noise, the other chords and voices, and that each can
//! have its own band, is D. Dorran, R. Lawlor and E. Coyle, "A hybrid time-frequency domain approach to audio time-scale
//! modification", Journal of the AES 54 (2006). S. Grofit and Y. Lavner, "Time-scale modification of audio signals using
//! enhanced WSOLA with management of transients", IEEE Transactions on Audio, Speech, and Language Processing 16 (2008),
//! copy transients untouched; so do both halves here.

mod between;
mod grains;
mod split;
mod tick;

use super::source::{Latency, Source, Stretch};
use super::vocoder::Vocoder;
use crate::dsp::{Position, Step};
use crate::types::units::Rate;
use grains::Grains;
use split::{LEAD, LOW_TICK, Split, THIN};
use tick::TICK;

/// Keeps the pitch at a small price.
///
/// Above some 2 kHz the track is copied in grains that join where they are alike, or just before an onset, where the join
/// is masked; below, a phase vocoder at an eighth of the sample rate does what grains cannot do for chords. At speed 1 it
/// is a wire, bit for bit.
pub struct Wsola {
    split: Split,
    low: Vocoder,
    high: Grains,
    /// The tick that is being handed out.
    tick: [[f32; TICK]; 2],
    into: usize,
    started: bool,
    /// The output is the source.
    wire: bool,
    /// While it is: the frame of the source that comes after this tick. Whatever follows begins there, also where the
    /// tempo changed in the middle of the tick and the playhead is a little elsewhere.
    next: i64,
}

crate::types::opaque::opaque_debug!(Wsola);

impl Wsola {
    /// For an engine of `sample_rate` frames per second.
    pub fn new(sample_rate: u32) -> Self {
        Self {
            split: Split::new(),
            low: Vocoder::new(f64::from(sample_rate) / THIN as f64, 1),
            high: Grains::new(f64::from(sample_rate)),
            tick: [[0.0; TICK]; 2],
            into: TICK,
            started: false,
            wire: false,
            next: 0,
        }
    }

    /// Makes the next tick.
    fn make(&mut self, source: &dyn Source, position: Position, step: Step) {
        if self.wire && step.is_unity() && position.frame() == self.next {
            self.next += TICK as i64;
            let [left, right] = &mut self.tick;
            return source.read(position.frame(), [left, right]);
        }
        let begin = if self.wire { Position::from_frames(self.next) } else { position };
        if self.wire {
            self.forget();
        }
        let speed = step.rate();
        if !self.started {
            self.split.start(source, begin.frame());
            self.high.start(begin.frame());
        }
        let ahead = (self.low.reach(speed.max(1.0)) + LOW_TICK + LEAD) * THIN;
        self.split.follow(source, position.frame(), speed, ahead as i64, self.high.ahead(speed));
        if !self.started {
            self.started = true;
            // What sounds first is needed at once, in twos.
            for lead in 0..LEAD / LOW_TICK {
                self.low(source, begin.advance(step, lead * TICK), step);
            }
        }
        self.low(source, position.advance(step, LEAD * THIN), step);
        self.split.fill_low(&mut self.tick);
        self.high.add(&self.split, source, position, speed, &mut self.tick);
        if step.is_unity() && self.low.is_wire() && self.high.is_at(position.frame()) {
            // The lower half stands up to half a thinned frame beside the source: fade over to it.
            (self.wire, self.next) = (true, position.frame() + TICK as i64);
            let mut straight = [[0.0; TICK]; 2];
            let [left, right] = &mut straight;
            source.read(position.frame(), [left, right]);
            for (out, straight) in self.tick.iter_mut().zip(&straight) {
                for (i, (out, straight)) in out.iter_mut().zip(straight).enumerate() {
                    *out += (straight - *out) * ((i as f32 + 0.5) / TICK as f32);
                }
            }
        }
    }

    /// Makes a tick of the lower half, for the output at `position`.
    fn low(&mut self, source: &dyn Source, position: Position, step: Step) {
        let mut tick = [[0.0; LOW_TICK]; 2];
        let [left, right] = &mut tick;
        let thinned = self.split.thinned(position);
        self.low.process(&self.split.low(source), thinned, step, [left, right], &mut ());
        self.split.push_low(&tick);
    }

    fn forget(&mut self) {
        (self.started, self.wire) = (false, false);
        self.low.reset();
        self.high.reset();
    }
}

impl Stretch for Wsola {
    fn process(&mut self, source: &dyn Source, position: Position, step: Step, out: [&mut [f32]; 2]) {
        let [left, right] = out;
        let frames = left.len().min(right.len());
        if !self.started && !self.wire && step.is_unity() {
            (self.wire, self.next) = (true, position.frame());
        }
        let mut from = 0;
        while from < frames {
            if self.into == TICK {
                self.make(source, position.advance(step, from), step);
                self.into = 0;
            }
            let count = (TICK - self.into).min(frames - from);
            left[from..from + count].copy_from_slice(&self.tick[0][self.into..self.into + count]);
            right[from..from + count].copy_from_slice(&self.tick[1][self.into..self.into + count]);
            self.into += count;
            from += count;
        }
    }

    fn latency(&self) -> Latency {
        Latency { input: self.low.reach(Rate::MAX.get()) * THIN, output: 0 }
    }

    fn moved(&mut self, by: i64) {
        if by != 0 {
            self.split.moved(by);
            self.high.moved(by);
            self.next += by;
        }
    }

    fn reset(&mut self) {
        self.forget();
        self.into = TICK;
    }
}
