//! The stages in a row.

use crowd_engine::chunk::ChunkProcessor;
use crowd_engine::dsp::QUANTUM;
use crowd_engine::dsp::silence::{self, SILENT, quiet};
use crowd_engine::{Error, Frames, SampleRate};

use crate::compressor::Compressor;
use crate::dc::DcBlocker;
use crate::dither::Dither;
use crate::forget;
use crate::settings::{CompressorSettings, MasteringSettings};
use crate::tone::Tone;
use crate::true_peak::TruePeakLimiter;

/// Above this a sample is an accident of a broken file; it becomes silence.
const LARGEST: f32 = 1e6;
/// A time constant longer than that of the DC blocker, 32 ms, by what a broken file may be louder than full scale; those of the tone
/// filters and of the compressor's mean square are shorter. In seconds.
const QUICK_SECONDS: f64 = 0.050;

/// The chain for one track. It allocates when it is made and cloned, and not when it processes: fit for an audio thread too.
/// A clone, which is the state of a chunk, takes 30 kB at 44.1 kHz.
#[derive(Clone, Debug)]
pub struct Mastering {
    dc: Option<DcBlocker>,
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
    pub fn new(settings: &MasteringSettings, rate: SampleRate) -> Result<Self, Error> {
        settings.check()?;
        let hertz = f64::from(rate.get());
        let limiter_release = f64::from(settings.limiter_release_ms) / 1e3;
        let CompressorSettings { attack_ms, release_ms, .. } = settings.compressor;
        let compressor_slowest = f64::from(release_ms.max(attack_ms)) / 1e3;
        let limiter_slowest = limiter_release / std::f64::consts::LN_10;
        let slowest = hertz * QUICK_SECONDS.max(compressor_slowest).max(limiter_slowest);
        let limiter = TruePeakLimiter::new(settings.ceiling_dbtp, limiter_release, rate.get());
        Ok(Self {
            dc: settings.dc_block.then(|| DcBlocker::new(hertz)),
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
                self.flush();
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
        if let Some(dc) = &mut self.dc {
            for frame in &mut *block {
                *frame = dc.tick(frame.map(known));
            }
        }
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

    /// Ends every tail before it becomes denormal.
    fn flush(&mut self) {
        if let Some(dc) = &mut self.dc {
            dc.flush();
        }
        self.tone.flush();
        self.compressor.flush();
    }

    /// Puts every state that decays on its grid, so that runs that differ by next to nothing become one.
    fn settle(&mut self) {
        if let Some(dc) = &mut self.dc {
            dc.settle();
        }
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

    fn has_exact_memory(&self) -> bool {
        true
    }

    fn finish(&self, first: Frames, block: &mut [[f32; 2]]) {
        if let Some(dither) = self.dither {
            dither.process(first.0, block);
        }
    }
}
