//! Resolves the treatment of a track: determines the settings of the mastering chain from the preset and the analysis.

use std::fmt;

use crowd_library::MusicFile;
use crowd_mastering::loudness::Forecast;
use crowd_mastering::measure::{self, Error, Stop};
use crowd_mastering::{CompressorSettings, MasteringSettings};
use serde::{Deserialize, Serialize};

use super::adaptive::{adapt, hundredths};
use super::shortfall::Shortfall;
use crate::analysis::{Analysis, ProbedTrack};
use crate::preset::{Intensity, Preset, PresetValues, Treatment};

/// The version of the code that resolves treatments. It is raised when the same analysis and treatment give other settings than before.
pub const VERSION: u32 = 4;

/// The ceiling of every rendition: its largest allowed true peak, dBTP.
pub const CEILING_DBTP: f32 = -1.0;
/// The thresholds of the presets are meant for a track of this loudness, LUFS.
const DESIGNED_FOR_LUFS: f64 = -14.0;
/// The compressor's side chain ignores frequencies below this, in Hz, so that a kick drum does not reduce everything else.
const SIDE_CHAIN_HZ: f32 = 200.0;
/// The level of music is lower by this many decibels without the frequencies below [`SIDE_CHAIN_HZ`]: the median over 12 tracks. The
/// thresholds of the presets are meant for the level with these frequencies.
const WITHOUT_LOWS_DB: f32 = 5.5;
/// The largest gain before the limiter, dB. A track that would need more is meant to be quiet, or is noise.
const MAX_GAIN_DB: f64 = 20.0;
/// The smallest gain before the limiter, dB.
const MIN_GAIN_DB: f64 = -24.0;

/// A treatment with all the values that it has for one track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResolvedTreatment {
    /// The requested treatment.
    pub treatment: Treatment,
    /// The settings of the chain. At an intensity of 0 the chain is not used.
    pub settings: MasteringSettings,
    /// Target loudness of the preset, LUFS; none for the original.
    pub target_lufs: Option<f64>,
    /// Integrated loudness that the rendition will have, LUFS; none for a track that cannot be measured.
    pub predicted_lufs: Option<f64>,
    /// The loudness that is missing from the target, with the reason; none when the target is reached.
    pub shortfall: Option<Shortfall>,
}

impl ResolvedTreatment {
    /// The original: it is not changed, and nothing is measured for it.
    pub fn original() -> Self {
        let treatment = Treatment { intensity: Intensity::NONE, ..Treatment::default() };
        let settings = MasteringSettings::default();
        Self { treatment, settings, target_lufs: None, predicted_lufs: None, shortfall: None }
    }
}

/// The loudness of the rendition as text for the user.
impl fmt::Display for ResolvedTreatment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(lufs) = self.predicted_lufs else { return write!(f, "its level is unchanged") };
        write!(f, "{lufs:.1} LUFS")?;
        match (self.target_lufs, &self.shortfall) {
            (Some(target), Some(missing)) => write!(f, " instead of {target:.1}: {}", missing.reason),
            _ => Ok(()),
        }
    }
}

/// Resolves a treatment for a track that was measured by probes.
///
/// # Errors
/// [`Error::Stopped`] as soon as `stop` ends the measurement.
pub fn resolve_by_probes(
    probed: &ProbedTrack,
    treatment: &Treatment,
    stop: &dyn Stop,
) -> Result<ResolvedTreatment, Error> {
    let ProbedTrack { probes, analysis } = probed;
    resolve(&analysis.sound, probes.lufs(), treatment, |settings| probes.forecast(settings, stop))
}

/// Resolves a treatment by the whole track. `analysis` is a full analysis.
///
/// # Errors
/// [`Error::Engine`] when the file cannot be read, [`Error::Stopped`] as soon as `stop` ends the measurement.
pub fn resolve_by_all(
    music: &MusicFile,
    analysis: &Analysis,
    treatment: &Treatment,
    stop: &dyn Stop,
) -> Result<ResolvedTreatment, Error> {
    resolve(&analysis.sound, analysis.sound.integrated_lufs, treatment, |settings| {
        let (mut input, shape) = music.input()?;
        measure::forecast(&mut input, &shape, settings, stop)
    })
}

/// Resolves a treatment. `run` forecasts the output of a chain for the measured spans of the track, which may be the whole track. The
/// loudness of these spans without a chain is `span_lufs`.
fn resolve(
    analysis: &measure::Analysis,
    span_lufs: Option<f64>,
    treatment: &Treatment,
    mut run: impl FnMut(&MasteringSettings) -> Result<Forecast, Error>,
) -> Result<ResolvedTreatment, Error> {
    let treatment = *treatment;
    if treatment.intensity.is_none() {
        return Ok(ResolvedTreatment {
            treatment,
            predicted_lufs: analysis.integrated_lufs,
            ..ResolvedTreatment::original()
        });
    }
    let mut values = treatment.preset.values();
    if treatment.preset == Preset::Adaptive {
        adapt(&mut values, analysis);
    }
    let target_lufs = Some(values.target_lufs);
    let mut settings = chain(&values, analysis);
    let mut forecast = run(&settings)?;
    // A track that cannot be measured, because it is silent or shorter than 400 ms, keeps its level.
    let (Some(wet), Some(dry), Some(whole)) = (forecast.input_lufs(), span_lufs, analysis.integrated_lufs) else {
        settings.mix = treatment.intensity.get();
        return Ok(ResolvedTreatment { treatment, settings, target_lufs, predicted_lufs: None, shortfall: None });
    };
    // The original is mixed in at the loudness of the mastered signal.
    let difference = (wet - dry).clamp(MIN_GAIN_DB, MAX_GAIN_DB);
    if treatment.intensity.get() < 1.0 {
        settings = MasteringSettings { mix: treatment.intensity.get(), dry_db: difference as f32, ..settings };
        forecast = run(&settings)?;
    }
    // The spans may differ in loudness from the track. It is assumed that the chain does not change this difference.
    let offset = whole - dry;
    let (most, bound) = forecast.largest_useful_gain(MAX_GAIN_DB, values.allowed_reduction_db);
    let found = forecast.gain_for(values.target_lufs - offset, MIN_GAIN_DB, most.max(MIN_GAIN_DB));
    if let Some((gain, _)) = found {
        settings.make_up_db = gain;
        settings.dry_db = (settings.dry_db + gain).clamp(MIN_GAIN_DB as f32, -MIN_GAIN_DB as f32);
    }
    let predicted_lufs = found.map(|(_, lufs)| lufs + offset);
    let shortfall = predicted_lufs.and_then(|lufs| Shortfall::of(&values, lufs, bound, MAX_GAIN_DB));
    Ok(ResolvedTreatment { treatment, settings, target_lufs, predicted_lufs, shortfall })
}

/// The settings of the chain for the values of a preset, without make-up.
fn chain(values: &PresetValues, analysis: &measure::Analysis) -> MasteringSettings {
    let louder = analysis.integrated_lufs.map_or(0.0, |lufs| lufs - DESIGNED_FOR_LUFS) as f32;
    MasteringSettings {
        eq_db: values.eq_db.map(|db| db * values.eq_blend),
        compressor: CompressorSettings {
            ratio: values.ratio,
            threshold_db: hundredths(values.threshold_db + louder - WITHOUT_LOWS_DB).clamp(-60.0, 0.0),
            attack_ms: values.attack_ms,
            release_ms: values.release_ms,
            blend: values.dynamics_blend,
            side_chain_hz: SIDE_CHAIN_HZ,
        },
        dc_block: true,
        ceiling_dbtp: CEILING_DBTP,
        limiter_release_ms: values.limiter_release_ms,
        ..MasteringSettings::default()
    }
}
