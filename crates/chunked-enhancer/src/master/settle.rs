//! From what was asked for and what the track measures like to the settings of a chain.

use std::fmt;

use crowd_library::MusicFile;
use crowd_mastering::loudness::Forecast;
use crowd_mastering::measure::{self, Error, Stop};
use crowd_mastering::{CompressorSettings, MasteringSettings};
use serde::{Deserialize, Serialize};

use super::adaptive::{adapt, hundredths};
use super::shortfall::Shortfall;
use crate::analysis::{Analysis, Probed};
use crate::preset::{Design, Intensity, Preset, Treatment};

/// Grows whenever the same analysis and treatment would become other settings.
pub const VERSION: u32 = 4;

/// The largest true peak of what is made, dBTP, whatever the preset.
pub const CEILING_DBTP: f32 = -1.0;
/// The thresholds of the presets are meant for a track so loud, LUFS.
const DESIGNED_FOR_LUFS: f64 = -14.0;
/// The compressor does not look at what lies under this, in Hz: a kick drum is to turn nothing else down.
const SIDE_CHAIN_HZ: f32 = 200.0;
/// By what the level of music is lower without these lows, in decibels: the median over 12 pieces. The thresholds of the presets are
/// meant for the level with them.
const WITHOUT_LOWS_DB: f32 = 5.5;
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
    /// Integrated loudness that the preset wants, LUFS; none of the original.
    pub target_lufs: Option<f64>,
    /// Integrated loudness it will have, LUFS; none where there is nothing to measure.
    pub predicted_lufs: Option<f64>,
    /// What is missing from the wanted loudness, and why; none where it is reached.
    pub shortfall: Option<Shortfall>,
}

impl Settled {
    /// The original, which nothing is done to and nothing measured for.
    pub fn original() -> Self {
        let treatment = Treatment { intensity: Intensity::NONE, ..Treatment::default() };
        let settings = MasteringSettings::default();
        Self { treatment, settings, target_lufs: None, predicted_lufs: None, shortfall: None }
    }
}

/// How loud it will be, for people.
impl fmt::Display for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(lufs) = self.predicted_lufs else { return write!(f, "as loud as it is") };
        write!(f, "{lufs:.1} LUFS")?;
        match (self.target_lufs, &self.shortfall) {
            (Some(target), Some(missing)) => write!(f, " instead of {target:.1}: {}", missing.reason),
            _ => Ok(()),
        }
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
    music: &MusicFile,
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
    if treatment.intensity.is_none() {
        return Ok(Settled { treatment, predicted_lufs: analysis.integrated_lufs, ..Settled::original() });
    }
    let mut design = treatment.preset.design();
    if treatment.preset == Preset::Adaptive {
        adapt(&mut design, analysis);
    }
    let target_lufs = Some(design.target_lufs);
    let mut settings = chain(&design, analysis);
    let mut forecast = run(&settings)?;
    // What cannot be measured, because it is silent or shorter than 400 ms, keeps its level.
    let (Some(wet), Some(dry), Some(whole)) = (forecast.input_lufs(), sample_lufs, analysis.integrated_lufs) else {
        settings.mix = treatment.intensity.get();
        return Ok(Settled { treatment, settings, target_lufs, predicted_lufs: None, shortfall: None });
    };
    // Both are as loud as each other, and together as loud as the preset wants it.
    let apart = (wet - dry).clamp(LEAST_GAIN_DB, MOST_GAIN_DB);
    if treatment.intensity.get() < 1.0 {
        settings = MasteringSettings { mix: treatment.intensity.get(), dry_db: apart as f32, ..settings };
        forecast = run(&settings)?;
    }
    // What the sample is too quiet or too loud by, its rendition is too.
    let aside = whole - dry;
    let (most, bound) = forecast.largest_useful_gain(MOST_GAIN_DB, design.most_reduction_db);
    let found = forecast.gain_for(design.target_lufs - aside, LEAST_GAIN_DB, most.max(LEAST_GAIN_DB));
    if let Some((gain, _)) = found {
        settings.make_up_db = gain;
        settings.dry_db = (settings.dry_db + gain).clamp(LEAST_GAIN_DB as f32, -LEAST_GAIN_DB as f32);
    }
    let predicted_lufs = found.map(|(_, lufs)| lufs + aside);
    let shortfall = predicted_lufs.and_then(|lufs| Shortfall::of(&design, lufs, bound, MOST_GAIN_DB));
    Ok(Settled { treatment, settings, target_lufs, predicted_lufs, shortfall })
}

/// The chain of a design, without make-up.
fn chain(design: &Design, analysis: &measure::Analysis) -> MasteringSettings {
    let louder = analysis.integrated_lufs.map_or(0.0, |lufs| lufs - DESIGNED_FOR_LUFS) as f32;
    MasteringSettings {
        eq_db: design.eq_db.map(|db| db * design.eq_blend),
        compressor: CompressorSettings {
            ratio: design.ratio,
            threshold_db: hundredths(design.threshold_db + louder - WITHOUT_LOWS_DB).clamp(-60.0, 0.0),
            attack_ms: design.attack_ms,
            release_ms: design.release_ms,
            blend: design.dynamics_blend,
            side_chain_hz: SIDE_CHAIN_HZ,
        },
        dc_block: true,
        ceiling_dbtp: CEILING_DBTP,
        limiter_release_ms: design.limiter_release_ms,
        ..MasteringSettings::default()
    }
}
