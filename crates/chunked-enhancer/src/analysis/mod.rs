//! The analysis of a track. A track is measured once, before any rendition of it is made.

mod analysis_kind;
mod text;

use crowd_engine::feed::{FileInput, Input};
use crowd_library::MusicFile;
use crowd_mastering::measure::{self, Error, Probes, Stop};
use serde::{Deserialize, Serialize};

pub use analysis_kind::AnalysisKind;

/// The version of the analysis. It is raised when the same file gets other results than before.
pub const VERSION: u32 = 4;

/// The measured values of a track and the faults of its file. Its JSON is one object with all these values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// How it was measured.
    pub kind: AnalysisKind,
    /// Its loudness, peaks and balance.
    #[serde(flatten)]
    pub sound: measure::Analysis,
    /// The gain of the mix to stereo in decibels. It is negative when the mix would clip otherwise. Mono and stereo tracks have none.
    pub downmix_gain_db: Option<f32>,
    /// The faults of the file as far as it was read, in words: missing frames, or damaged frames that are silent.
    pub warnings: Vec<String>,
}

impl Analysis {
    /// The analysis, with the downmix gain and the warnings of the file that was read through `input`.
    fn of(kind: AnalysisKind, sound: measure::Analysis, input: &FileInput) -> Self {
        Self { kind, sound, downmix_gain_db: input.downmix_gain_db(), warnings: input.warnings() }
    }
}

/// A track that was measured by probes.
pub struct ProbedTrack {
    /// The probes, by which any treatment of the track is resolved.
    pub probes: Probes,
    /// The analysis that was made from the probes.
    pub analysis: Analysis,
}

impl ProbedTrack {
    /// Reads the probes of a file.
    ///
    /// # Errors
    /// As [`Probes::read`].
    pub fn read(music: &MusicFile, stop: &dyn Stop) -> Result<Self, Error> {
        let (mut input, shape) = music.input()?;
        let probes = Probes::read(&mut input, &shape, stop)?;
        let analysis = Analysis::of(AnalysisKind::Quick, probes.analysis().clone(), &input);
        Ok(Self { probes, analysis })
    }
}

/// Measures a whole file.
///
/// # Errors
/// As [`measure::whole`].
pub fn full(music: &MusicFile, stop: &dyn Stop) -> Result<Analysis, Error> {
    let (mut input, shape) = music.input()?;
    let sound = measure::whole(&mut input, &shape, stop)?;
    Ok(Analysis::of(AnalysisKind::Full, sound, &input))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_json_is_one_object_in_this_order_and_reads_back_as_the_same() {
        let sound = measure::Analysis {
            frames: 441_000,
            sample_rate: 44_100,
            integrated_lufs: Some(-13.25),
            range_lu: 0.0,
            true_peak_dbtp: None,
            sample_peak_dbfs: Some(-1.0),
            bands_db: [Some(-3.25), None, Some(-12.0), Some(-20.5), Some(-30.0)],
            crest_db: Some(12.0),
            correlation: Some(1.0),
            width_db: None,
        };
        let warnings = vec!["it ends early".to_owned()];
        let analysis = Analysis { kind: AnalysisKind::Quick, sound, downmix_gain_db: Some(-4.1), warnings };
        let json = serde_json::to_string(&analysis).unwrap();
        assert_eq!(
            json,
            "{\"kind\":\"quick\",\"frames\":441000,\"sample_rate\":44100,\"integrated_lufs\":-13.25,\
             \"range_lu\":0.0,\"true_peak_dbtp\":null,\"sample_peak_dbfs\":-1.0,\
             \"bands_db\":[-3.25,null,-12.0,-20.5,-30.0],\"crest_db\":12.0,\"correlation\":1.0,\"width_db\":null,\
             \"downmix_gain_db\":-4.1,\"warnings\":[\"it ends early\"]}"
        );
        assert_eq!(serde_json::from_str::<Analysis>(&json).unwrap(), analysis);
    }
}
