//! The processor that makes the frames of a rendition.

use crowd_engine::chunk::ChunkProcessor;
use crowd_engine::{Frames, SampleRate};
use crowd_mastering::{Dither, Mastering};

use super::resolve::ResolvedTreatment;

/// Applies a resolved treatment: the mastering chain, or nothing.
#[derive(Clone, Debug)]
pub struct Enhancer {
    processing: Processing,
    dither: Option<Dither>,
}

#[derive(Clone, Debug)]
enum Processing {
    /// The original passes bit for bit.
    Bypass,
    Chain(Box<Mastering>),
}

impl Enhancer {
    /// An enhancer in its initial state. `source_bits` is the number of bits per sample of the source, or none when its samples are not
    /// integers. `bits` is the number of bits per sample of the output, or none for float. The original is not dithered when its samples
    /// fit into the bits of the output.
    ///
    /// # Errors
    /// As [`crowd_mastering::MasteringSettings::check`].
    pub fn new(
        treatment: &ResolvedTreatment,
        rate: SampleRate,
        source_bits: Option<u32>,
        bits: Option<u32>,
    ) -> Result<Self, crowd_engine::Error> {
        let bypass = treatment.treatment.intensity.is_none();
        let fits = |bits: &u32| bypass && source_bits.is_some_and(|source| source <= *bits);
        let dither = bits.filter(|bits| !fits(bits)).map(Dither::new);
        let processing = if bypass {
            Processing::Bypass
        } else {
            Processing::Chain(Box::new(Mastering::new(&treatment.settings, rate)?))
        };
        Ok(Self { processing, dither })
    }
}

impl ChunkProcessor for Enhancer {
    fn process(&mut self, first: Frames, block: &mut [[f32; 2]]) {
        if let Processing::Chain(chain) = &mut self.processing {
            chain.process(first, block);
        }
    }

    fn latency(&self) -> Frames {
        match &self.processing {
            Processing::Bypass => Frames(0),
            Processing::Chain(chain) => chain.latency(),
        }
    }

    fn memory(&self) -> Frames {
        match &self.processing {
            Processing::Bypass => Frames(0),
            Processing::Chain(chain) => chain.memory(),
        }
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
