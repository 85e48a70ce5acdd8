//! What makes a rendition's frames.

use crowd_engine::chunk::ChunkProcessor;
use crowd_engine::{Frames, SampleRate};
use crowd_mastering::{Dither, Mastering};

use super::settle::Settled;

/// Makes what was settled of a track: the chain, or nothing at all.
#[derive(Clone, Debug)]
pub struct Enhancer {
    work: Work,
    dither: Option<Dither>,
}

#[derive(Clone, Debug)]
enum Work {
    /// The original passes, bit for bit.
    Pass,
    Chain(Box<Mastering>),
}

impl Enhancer {
    /// An enhancer at rest. `source_bits` are those of the samples that go in, none where they are not whole numbers of any;
    /// `bits` those of the format that is made, none for float. What fits into the format as it is is not dithered.
    ///
    /// # Errors
    /// As [`crowd_mastering::MasteringSettings::check`].
    pub fn new(
        settled: &Settled,
        rate: SampleRate,
        source_bits: Option<u32>,
        bits: Option<u32>,
    ) -> Result<Self, crowd_engine::Error> {
        let pass = settled.treatment.intensity.is_none();
        let fits = |bits: &u32| pass && source_bits.is_some_and(|source| source <= *bits);
        let dither = bits.filter(|bits| !fits(bits)).map(Dither::new);
        let work = if pass { Work::Pass } else { Work::Chain(Box::new(Mastering::new(&settled.settings, rate)?)) };
        Ok(Self { work, dither })
    }
}

impl ChunkProcessor for Enhancer {
    fn process(&mut self, first: Frames, block: &mut [[f32; 2]]) {
        if let Work::Chain(chain) = &mut self.work {
            chain.process(first, block);
        }
    }

    fn latency(&self) -> Frames {
        match &self.work {
            Work::Pass => Frames(0),
            Work::Chain(chain) => chain.latency(),
        }
    }

    fn memory(&self) -> Frames {
        match &self.work {
            Work::Pass => Frames(0),
            Work::Chain(chain) => chain.memory(),
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
