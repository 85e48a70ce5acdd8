//! A mastering chain: equaliser, compressor, make-up, true-peak limiter, dither.
//!
//! Everything in it is causal, runs on the absolute time of the track and forgets down to the last bit, so a [`Mastering`] is
//! a [`ChunkProcessor`] whose chunks are the same bits in any order: [`Chunked`](crate::chunk::Chunked) makes any part of a
//! track with it. Nothing is measured on the way: what is to depend on the track is measured before, once, and put into
//! [`MasteringSettings`].
//!
//! | stage | |
//! |---|---|
//! | equaliser | five bands, under 200 Hz, to 800 Hz, to 3 kHz, to 8 kHz and above, each with a gain and a width; minimum phase |
//! | compressor | RMS over 10 ms, both channels together, soft knee of 6 dB, a share of the uncompressed signal beside it |
//! | make-up | a gain |
//! | mix | what came in, with a gain of its own, beside what was made of it |
//! | limiter | true peaks by ITU-R BS.1770-4, Annex 2; 5.3 ms of look-ahead |
//! | dither | optional: triangular, the same for a frame whenever it is made |
//!
//! With the default settings all but the limiter are wires, bit for bit, and the limiter is one for what stays under its
//! ceiling.

mod compressor;
mod dither;
mod forget;
mod tone;
mod true_peak;

use super::QUANTUM;
use super::silence::{self, SILENT, quiet};
use crate::chunk::ChunkProcessor;
use crate::error::{Error, Result};
use crate::units::{Frames, SampleRate};
use compressor::Compressor;
pub use dither::Dither;
use tone::Tone;
use true_peak::TruePeakLimiter;

/// Above this a sample is an accident of a broken file; it becomes silence.
const LARGEST: f32 = 1e6;
/// A time constant longer than those of the tone filters and of the compressor's mean square, in seconds.
const QUICK_SECONDS: f64 = 0.030;

/// How a compressor works.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CompressorSettings {
    /// Decibels in over the threshold for each decibel out, 1 to 20; 1 does nothing.
    pub ratio: f32,
    /// The RMS level from which on it turns down, in dBFS, -60 to 0.
    pub threshold_db: f32,
    /// Time constant of turning down, in milliseconds, 0.1 to 500.
    pub attack_ms: f32,
    /// Time constant of coming back, in milliseconds, 5 to 2,000.
    pub release_ms: f32,
    /// Share of the compressed signal in what leaves, 0 to 1; the rest is uncompressed.
    pub blend: f32,
}

/// All that a [`Mastering`] can be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MasteringSettings {
    /// Gain of each band in decibels, lowest band first, -24 to 24.
    pub eq_db: [f32; 5],
    /// Stereo width of each band: the linear gain of what differs between left and right, 0.1 to 2; 1 leaves it.
    pub width: [f32; 5],
    /// The compressor.
    pub compressor: CompressorSettings,
    /// Gain behind the compressor in decibels, -24 to 24.
    pub make_up_db: f32,
    /// The largest true peak that leaves, in dBTP, -20 to 0.
    pub ceiling_dbtp: f32,
    /// Share of all this in what leaves, 0 to 1. The rest is what came in, moved by [`dry_db`](Self::dry_db); both share the
    /// limiter.
    pub mix: f32,
    /// Gain of what came in, in decibels, -24 to 24. At a mix of 1 it is not heard.
    pub dry_db: f32,
    /// Nine tenths of the limiter's way back, in milliseconds, 10 to 1,000.
    pub limiter_release_ms: f32,
    /// Bits to dither to, 8 to 24; none for float samples.
    pub dither_bits: Option<u32>,
}

impl Default for MasteringSettings {
    /// Flat, uncompressed, under -1 dBTP, not dithered.
    fn default() -> Self {
        let compressor =
            CompressorSettings { ratio: 1.0, threshold_db: 0.0, attack_ms: 20.0, release_ms: 200.0, blend: 1.0 };
        Self {
            eq_db: [0.0; 5],
            width: [1.0; 5],
            compressor,
            make_up_db: 0.0,
            mix: 1.0,
            dry_db: 0.0,
            ceiling_dbtp: -1.0,
            limiter_release_ms: 100.0,
            dither_bits: None,
        }
    }
}

impl MasteringSettings {
    /// Checks every number.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names the first that is not finite or out of its range.
    pub fn check(&self) -> Result<()> {
        let CompressorSettings { ratio, threshold_db, attack_ms, release_ms, blend } = self.compressor;
        let bands = self.eq_db.map(|db| ("equaliser gain", " dB", db, -24.0, 24.0));
        let widths = self.width.map(|width| ("stereo width", "", width, 0.1, 2.0));
        let others = [
            ("compressor ratio", "", ratio, 1.0, 20.0),
            ("compressor threshold", " dB", threshold_db, -60.0, 0.0),
            ("compressor attack", " ms", attack_ms, 0.1, 500.0),
            ("compressor release", " ms", release_ms, 5.0, 2_000.0),
            ("compressor blend", "", blend, 0.0, 1.0),
            ("make-up gain", " dB", self.make_up_db, -24.0, 24.0),
            ("mix", "", self.mix, 0.0, 1.0),
            ("dry gain", " dB", self.dry_db, -24.0, 24.0),
            ("ceiling", " dBTP", self.ceiling_dbtp, -20.0, 0.0),
            ("limiter release", " ms", self.limiter_release_ms, 10.0, 1_000.0),
            ("dither", " bits", self.dither_bits.unwrap_or(16) as f32, 8.0, 24.0),
        ];
        for (what, unit, value, low, high) in bands.into_iter().chain(widths).chain(others) {
            if !(low..=high).contains(&value) {
                let [value, low, high] = [value, low, high].map(|number: f32| decimal(number));
                return Err(Error::OutOfRange { what, unit, value, low, high });
            }
        }
        Ok(())
    }
}

/// A number as it was written: 0.1, not 0.10000000149.
fn decimal(number: f32) -> f64 {
    (f64::from(number) * 1e6).round() / 1e6
}

/// The chain for one track. It allocates when it is made and cloned, and not when it processes: fit for an audio thread too.
/// A clone, which is the state of a chunk, takes 30 kB at 44.1 kHz.
#[derive(Clone, Debug)]
pub struct Mastering {
    tone: Tone,
    compressor: Compressor,
    dry: Option<Dry>,
    limiter: TruePeakLimiter,
    dither: Option<Dither>,
    /// Frames from one rounding of all states to the next, a power of two.
    period: u64,
    memory: Frames,
}

/// What came in, beside what was made of it.
#[derive(Clone, Copy, Debug)]
struct Dry {
    wet: f32,
    dry: f32,
}

impl Mastering {
    /// A chain at rest, for any [`SampleRate`].
    ///
    /// # Errors
    /// As [`MasteringSettings::check`].
    pub fn new(settings: &MasteringSettings, rate: SampleRate) -> Result<Self> {
        settings.check()?;
        let hertz = f64::from(rate.get());
        let limiter_release = f64::from(settings.limiter_release_ms) / 1e3;
        let CompressorSettings { attack_ms, release_ms, .. } = settings.compressor;
        let compressor_slowest = f64::from(release_ms.max(attack_ms)) / 1e3;
        let limiter_slowest = limiter_release / std::f64::consts::LN_10;
        let slowest = hertz * QUICK_SECONDS.max(compressor_slowest).max(limiter_slowest);
        let limiter = TruePeakLimiter::new(settings.ceiling_dbtp, limiter_release, rate.get());
        Ok(Self {
            tone: Tone::new(settings.eq_db, settings.width, hertz),
            compressor: Compressor::new(&settings.compressor, settings.make_up_db, hertz),
            dry: (settings.mix < 1.0)
                .then(|| Dry { wet: settings.mix, dry: (1.0 - settings.mix) * 10f32.powf(settings.dry_db / 20.0) }),
            dither: settings.dither_bits.map(Dither::new),
            period: forget::period(slowest),
            memory: forget::memory(slowest) + Frames(limiter.latency() as u64),
            limiter,
        })
    }
}

impl Mastering {
    /// As [`process`](ChunkProcessor::process), but stops in front of the limiter and so without its latency: to measure what
    /// would reach it. A chain is used for one of both.
    pub fn process_unlimited(&mut self, first: Frames, block: &mut [[f32; 2]]) {
        self.in_quanta(first, block, Self::unlimited);
    }

    fn in_quanta(&mut self, first: Frames, block: &mut [[f32; 2]], work: impl Fn(&mut Self, u64, &mut [[f32; 2]])) {
        let mut rest = block;
        let mut at = first.0;
        while !rest.is_empty() {
            // Never over a multiple of the quantum, on which the filters are flushed.
            let n = (QUANTUM - (at % QUANTUM as u64) as usize).min(rest.len());
            let (now, later) = rest.split_at_mut(n);
            work(self, at, now);
            at += n as u64;
            if at.is_multiple_of(QUANTUM as u64) {
                self.tone.flush();
            }
            if at & (self.period - 1) == 0 {
                self.settle();
            }
            rest = later;
        }
    }

    /// At most a quantum, in place.
    #[inline]
    fn unlimited(&mut self, at: u64, block: &mut [[f32; 2]]) {
        let mut dry = [[0.0; 2]; QUANTUM];
        if self.dry.is_some() {
            dry[..block.len()].copy_from_slice(block);
        }
        for frame in &mut *block {
            *frame = self.tone.tick(frame.map(known)).map(quiet);
        }
        self.compressor.process(at, block);
        if let Some(share) = self.dry {
            for (frame, dry) in block.iter_mut().zip(dry) {
                *frame = std::array::from_fn(|side| share.wet * frame[side] + share.dry * known(dry[side]));
            }
        }
        // What the limiter's filters look at.
        silence::flush(block.as_flattened_mut());
    }

    /// Puts every state that decays on its grid, so that runs that differ by next to nothing become one.
    fn settle(&mut self) {
        self.tone.settle();
        self.compressor.settle();
        self.limiter.settle();
    }
}

/// A sample that is none is silent, and so is one next to silence.
#[inline]
fn known(sample: f32) -> f32 {
    if (SILENT..=LARGEST).contains(&sample.abs()) { sample } else { 0.0 }
}

impl ChunkProcessor for Mastering {
    fn process(&mut self, first: Frames, block: &mut [[f32; 2]]) {
        self.in_quanta(first, block, |chain, at, now| {
            chain.unlimited(at, now);
            chain.limiter.process(now);
        });
    }

    fn latency(&self) -> Frames {
        Frames(self.limiter.latency() as u64)
    }

    fn memory(&self) -> Frames {
        self.memory
    }

    fn forgets_exactly(&self) -> bool {
        true
    }

    fn finish(&self, first: Frames, block: &mut [[f32; 2]]) {
        if let Some(dither) = self.dither {
            dither.process(first.0, block);
        }
    }
}
