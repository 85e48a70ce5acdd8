//! What is made of a track: settled once from what it measures like, then frozen.

mod adaptive;
mod forecast;

use crowd_engine::chunk::ChunkProcessor;
use crowd_engine::{Frames, SampleRate};
use crowd_mastering::{CompressorSettings, Dither, Mastering, MasteringSettings};
use serde::{Deserialize, Serialize};

use crate::analysis::{self, Analysis, Steps};
use crate::preset::{Design, Intensity, Preset, Treatment};
use adaptive::hundredths;
use forecast::{Forecast, Limit};

/// Grows whenever the same analysis and treatment would become other settings.
pub const VERSION: u32 = 2;

/// The largest true peak of what is made, dBTP, whatever the preset.
pub const CEILING_DBTP: f32 = -1.0;
/// The thresholds of the presets are meant for a track so loud, LUFS.
const DESIGNED_FOR_LUFS: f64 = -14.0;
/// A track is not made louder than by this in front of the limiter, dB: what is quieter is meant to be, or is noise.
const MOST_GAIN_DB: f64 = 20.0;
/// Nor quieter than by this.
const LEAST_GAIN_DB: f64 = -24.0;

/// What is done to a track, for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// What was asked for.
    pub treatment: Treatment,
    /// The chain; not in use at an intensity of 0.
    #[serde(with = "SettingsDef")]
    pub settings: MasteringSettings,
    /// Integrated loudness it will have, LUFS; none where there is nothing to measure.
    pub predicted_lufs: Option<f64>,
}

impl Settled {
    /// The original, which nothing is done to and nothing measured for.
    pub fn original() -> Self {
        let treatment = Treatment { intensity: Intensity::NONE, ..Treatment::default() };
        Self { treatment, settings: MasteringSettings::default(), predicted_lufs: None }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MasteringSettings")]
struct SettingsDef {
    eq_db: [f32; 5],
    width: [f32; 5],
    #[serde(with = "CompressorDef")]
    compressor: CompressorSettings,
    make_up_db: f32,
    mix: f32,
    dry_db: f32,
    ceiling_dbtp: f32,
    limiter_release_ms: f32,
    dither_bits: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CompressorSettings")]
struct CompressorDef {
    ratio: f32,
    threshold_db: f32,
    attack_ms: f32,
    release_ms: f32,
    blend: f32,
}

/// Settles a treatment. `run` tells what a chain would bring to its limiter, for a sample of the track whose own loudness is
/// `sample_lufs`.
pub(crate) fn settle(
    analysis: &Analysis,
    sample_lufs: Option<f64>,
    treatment: &Treatment,
    mut run: impl FnMut(&MasteringSettings) -> Result<Vec<Steps>, analysis::Error>,
) -> Result<Settled, analysis::Error> {
    let treatment = *treatment;
    let mut settings = MasteringSettings::default();
    if treatment.intensity.is_none() {
        return Ok(Settled { treatment, settings, predicted_lufs: analysis.integrated_lufs });
    }
    let mut design = treatment.preset.design();
    if treatment.preset == Preset::Adaptive {
        adaptive::adapt(&mut design, analysis);
    }
    settings = chain(&design, analysis);
    let limit = Limit::new(CEILING_DBTP, design.limiter_release_ms);
    let mut forecast = Forecast::new(run(&settings)?, limit);
    // What cannot be measured, because it is silent or shorter than 400 ms, keeps its level.
    let (Some(wet), Some(dry), Some(whole)) = (forecast.before(), sample_lufs, analysis.integrated_lufs) else {
        settings.mix = treatment.intensity.get();
        return Ok(Settled { treatment, settings, predicted_lufs: None });
    };
    // Both are as loud as each other, and together as loud as the preset wants it.
    let apart = (wet - dry).clamp(LEAST_GAIN_DB, MOST_GAIN_DB);
    if treatment.intensity.get() < 1.0 {
        settings = MasteringSettings { mix: treatment.intensity.get(), dry_db: apart as f32, ..settings };
        forecast = Forecast::new(run(&settings)?, limit);
    }
    // What the sample is too quiet or too loud by, its rendition is too.
    let aside = whole - dry;
    let found = forecast.gain_for(design.target_lufs - aside, LEAST_GAIN_DB, MOST_GAIN_DB);
    if let Some((gain, _)) = found {
        settings.make_up_db = gain;
        settings.dry_db = (settings.dry_db + gain).clamp(LEAST_GAIN_DB as f32, -LEAST_GAIN_DB as f32);
    }
    Ok(Settled { treatment, settings, predicted_lufs: found.map(|(_, lufs)| lufs + aside) })
}

/// The chain of a design, without make-up.
fn chain(design: &Design, analysis: &Analysis) -> MasteringSettings {
    let louder = analysis.integrated_lufs.map_or(0.0, |lufs| lufs - DESIGNED_FOR_LUFS) as f32;
    MasteringSettings {
        eq_db: design.eq_db.map(|db| db * design.eq_blend),
        compressor: CompressorSettings {
            ratio: design.ratio,
            threshold_db: hundredths(design.threshold_db + louder).clamp(-60.0, 0.0),
            attack_ms: design.attack_ms,
            release_ms: design.release_ms,
            blend: design.dynamics_blend,
        },
        ceiling_dbtp: CEILING_DBTP,
        limiter_release_ms: design.limiter_release_ms,
        ..MasteringSettings::default()
    }
}

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
    /// As [`MasteringSettings::check`].
    pub fn new(
        settled: &Settled,
        rate: SampleRate,
        source_bits: Option<u32>,
        bits: Option<u32>,
    ) -> crowd_engine::Result<Self> {
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

    fn forgets_exactly(&self) -> bool {
        true
    }

    fn finish(&self, first: Frames, block: &mut [[f32; 2]]) {
        if let Some(dither) = self.dither {
            dither.process(first.0, block);
        }
    }
}
