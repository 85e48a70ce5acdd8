//! The chain: all stages in order.

use crowd_engine::chunk::ChunkProcessor;
use crowd_engine::dsp::QUANTUM;
use crowd_engine::dsp::silence::{self, SILENT, quiet};
use crowd_engine::{Error, Frames, SampleRate};

use crate::compressor::Compressor;
use crate::dc::DcBlocker;
use crate::dither::Dither;
use crate::equaliser::Equaliser;
use crate::settings::{CompressorSettings, MasteringSettings};
use crate::state_rounding;
use crate::true_peak_limiter::TruePeakLimiter;

/// A sample above this comes from a broken file and becomes silence.
const LARGEST: f32 = 1e6;
/// The time constant, in seconds, that is assumed for the stages whose time constants are not settings. The longest of these is that of the
/// DC blocker, 32 ms. The value has a margin for broken files that exceed full scale.
const FIXED_STAGES_SECONDS: f64 = 0.050;

/// The chain for one track. It allocates when it is constructed or cloned, but not when it processes, so it can run on an audio thread. A
/// clone preserves the state at the end of a chunk, and takes 30 kB at 44.1 kHz.
#[derive(Clone, Debug)]
pub struct Mastering {
    dc: Option<DcBlocker>,
    equaliser: Equaliser,
    compressor: Compressor,
    dry: Option<DryMix>,
    limiter: TruePeakLimiter,
    dither: Option<Dither>,
    /// Frames from one rounding of all states to the next, a power of two.
    period: u64,
    memory: Frames,
}

/// The gains with which the processed signal and the input are mixed.
#[derive(Clone, Copy, Debug)]
struct DryMix {
    wet: f32,
    dry: f32,
}

impl Mastering {
    /// A chain in its initial state, for any [`SampleRate`].
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
        let slowest = hertz * FIXED_STAGES_SECONDS.max(compressor_slowest).max(limiter_slowest);
        let limiter = TruePeakLimiter::new(settings.ceiling_dbtp, limiter_release, rate.get());
        Ok(Self {
            dc: settings.dc_block.then(|| DcBlocker::new(hertz)),
            equaliser: Equaliser::new(settings.eq_db, settings.width, hertz),
            compressor: Compressor::new(&settings.compressor, settings.make_up_db, hertz),
            dry: (settings.mix < 1.0)
                .then(|| DryMix { wet: settings.mix, dry: (1.0 - settings.mix) * 10f32.powf(settings.dry_db / 20.0) }),
            dither: settings.dither_bits.map(Dither::new),
            period: state_rounding::period(slowest),
            memory: state_rounding::memory(slowest) + Frames(limiter.latency() as u64),
            limiter,
        })
    }
}

impl Mastering {
    /// As [`process`](ChunkProcessor::process), but without the limiter and so without its latency. The result is the input of the limiter,
    /// which can then be measured. A chain must be used with only one of the two functions.
    pub fn process_unlimited(&mut self, first: Frames, block: &mut [[f32; 2]]) {
        self.in_quanta(first, block, Self::unlimited);
    }

    fn in_quanta(&mut self, first: Frames, block: &mut [[f32; 2]], process: impl Fn(&mut Self, u64, &mut [[f32; 2]])) {
        let mut rest = block;
        let mut at = first.0;
        while !rest.is_empty() {
            // No block crosses a multiple of the quantum, at which the filters are flushed.
            let n = (QUANTUM - (at % QUANTUM as u64) as usize).min(rest.len());
            let (now, later) = rest.split_at_mut(n);
            process(self, at, now);
            at += n as u64;
            if at.is_multiple_of(QUANTUM as u64) {
                self.flush();
            }
            if at & (self.period - 1) == 0 {
                self.round_state();
            }
            rest = later;
        }
    }

    /// Processes at most a quantum in place, with all stages before the limiter.
    #[inline]
    fn unlimited(&mut self, at: u64, block: &mut [[f32; 2]]) {
        if let Some(dc) = &mut self.dc {
            for frame in &mut *block {
                *frame = dc.tick(frame.map(sanitised));
            }
        }
        let mut dry = [[0.0; 2]; QUANTUM];
        if self.dry.is_some() {
            dry[..block.len()].copy_from_slice(block);
        }
        for frame in &mut *block {
            *frame = self.equaliser.tick(frame.map(sanitised)).map(quiet);
        }
        self.compressor.process(at, block);
        if let Some(mix) = self.dry {
            for (frame, dry) in block.iter_mut().zip(dry) {
                *frame = std::array::from_fn(|side| mix.wet * frame[side] + mix.dry * sanitised(dry[side]));
            }
        }
        // The limiter's filters must not get subnormal samples.
        silence::flush(block.as_flattened_mut());
    }

    /// Sets every decayed state to zero before it becomes subnormal.
    fn flush(&mut self) {
        if let Some(dc) = &mut self.dc {
            dc.flush();
        }
        self.equaliser.flush();
        self.compressor.flush();
    }

    /// Rounds every decaying state to its grid, so that runs whose states are almost equal become equal.
    fn round_state(&mut self) {
        if let Some(dc) = &mut self.dc {
            dc.round_state();
        }
        self.equaliser.round_state();
        self.compressor.round_state();
        self.limiter.round_state();
    }
}

/// The sample, or silence when it is not finite, too large or close to zero.
#[inline]
fn sanitised(sample: f32) -> f32 {
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
