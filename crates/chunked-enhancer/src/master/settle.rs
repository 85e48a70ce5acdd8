//! From what was asked for and what the track measures like to the settings of a chain.

use crowd_library::Music;
use crowd_mastering::loudness::Forecast;
use crowd_mastering::measure::{self, Error, Stop};
use crowd_mastering::{CompressorSettings, MasteringSettings};
use serde::{Deserialize, Serialize};

use super::adaptive::{adapt, hundredths};
use crate::analysis::{Analysis, Probed};
use crate::preset::{Design, Intensity, Preset, Treatment};

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

/// Settles what a treatment does to a track that was measured by probes.
///
/// # Errors
/// [`Error::Stopped`] as soon as `stop` says so.
pub fn settle_by_probes(probed: &Probed, treatment: &Treatment, stop: &dyn Stop) -> Result<Settled, Error> {
    let Probed { probes, analysis } = probed;
    settle(&analysis.sound, probes.lufs(), treatment, |settings| probes.forecast(settings, stop))
}

/// Settles what a treatment does to a track by all of it; `analysis` is a full one.
///
/// # Errors
/// [`Error::Engine`] when the file cannot be read, [`Error::Stopped`] as soon as `stop` says so.
pub fn settle_by_all(
    music: &Music,
    analysis: &Analysis,
    treatment: &Treatment,
    stop: &dyn Stop,
) -> Result<Settled, Error> {
    settle(&analysis.sound, analysis.sound.integrated_lufs, treatment, |settings| {
        let (mut input, shape) = music.input()?;
        measure::forecast(&mut input, &shape, settings, stop)
    })
}

/// Settles a treatment. `run` forecasts what a chain makes of a sample of the track whose own loudness is `sample_lufs`.
fn settle(
    analysis: &measure::Analysis,
    sample_lufs: Option<f64>,
    treatment: &Treatment,
    mut run: impl FnMut(&MasteringSettings) -> Result<Forecast, Error>,
) -> Result<Settled, Error> {
    let treatment = *treatment;
    let mut settings = MasteringSettings::default();
    if treatment.intensity.is_none() {
        return Ok(Settled { treatment, settings, predicted_lufs: analysis.integrated_lufs });
    }
    let mut design = treatment.preset.design();
    if treatment.preset == Preset::Adaptive {
        adapt(&mut design, analysis);
    }
    settings = chain(&design, analysis);
    let mut forecast = run(&settings)?;
    // What cannot be measured, because it is silent or shorter than 400 ms, keeps its level.
    let (Some(wet), Some(dry), Some(whole)) = (forecast.before(), sample_lufs, analysis.integrated_lufs) else {
        settings.mix = treatment.intensity.get();
        return Ok(Settled { treatment, settings, predicted_lufs: None });
    };
    // Both are as loud as each other, and together as loud as the preset wants it.
    let apart = (wet - dry).clamp(LEAST_GAIN_DB, MOST_GAIN_DB);
    if treatment.intensity.get() < 1.0 {
        settings = MasteringSettings { mix: treatment.intensity.get(), dry_db: apart as f32, ..settings };
        forecast = run(&settings)?;
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
fn chain(design: &Design, analysis: &measure::Analysis) -> MasteringSettings {
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
