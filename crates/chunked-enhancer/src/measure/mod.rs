//! Measurements of tracks. Each measurement is made once and recorded. If another thread is making a measurement, work that needs it waits.

mod running;

use std::borrow::Borrow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crowd_engine::feed::Input;
use crowd_library::{LocalId, MusicFile};
use crowd_store::{Records, StoreError, StoreKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::analysis::{self, Analysis, AnalysisKind, ProbedTrack};
use crate::error::Error;
use crate::master::{self, ResolvedTreatment};
use crate::permits::Permit;
use crate::waveform::Waveform;
use running::RunningMeasurements;

/// The most bytes of probes that are kept: enough for two tracks at 44.1 kHz. With kept probes another preset is resolved without decoding.
/// The probes of the latest track are kept even if they have more bytes.
const PROBES_BYTES: usize = 24 << 20;

/// The kind of the records of analyses.
const ANALYSIS: &str = "analysis";
/// The kind of the records of resolved treatments.
const RESOLVED: &str = "settled";
/// The kind of the records of waveforms.
const WAVEFORM: &str = "waveform";

type KeptProbes = (LocalId, Arc<ProbedTrack>);

/// Measures tracks, and records the results.
#[derive(Default)]
pub struct Measurements {
    probes: Mutex<Vec<KeptProbes>>,
    running: RunningMeasurements,
    records: Option<Records>,
}

impl Measurements {
    /// Measurements that are recorded in a folder.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be made or read.
    pub fn kept_in(folder: &Path) -> Result<Self, StoreError> {
        let records = Records::open(folder, &[ANALYSIS, RESOLVED, WAVEFORM])?;
        Ok(Self { records: Some(records), ..Self::default() })
    }

    /// Resolves a treatment for a track: determines all values of the treatment from measurements of the track.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the result is no longer needed, or the fault of the file.
    pub fn resolve(
        &self,
        music: &MusicFile,
        treatment: &crate::preset::Treatment,
        kind: AnalysisKind,
        permit: &Permit,
    ) -> Result<ResolvedTreatment, Error> {
        if treatment.intensity.is_none() {
            return Ok(ResolvedTreatment::original());
        }
        let text =
            format!("{kind} {} {:08x} {}", treatment.preset, treatment.intensity.get().to_bits(), master::VERSION);
        self.recorded_or(RESOLVED, music, &text, permit, || match kind {
            AnalysisKind::Quick => Ok(master::resolve_by_probes(&*self.probes(music, permit)?, treatment, permit)?),
            AnalysisKind::Full => {
                let analysis = self.analysis(music, AnalysisKind::Full, permit)?;
                Ok(master::resolve_by_all(music, &analysis, treatment, permit)?)
            }
        })
    }

    /// The analysis of a track.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn analysis(&self, music: &MusicFile, kind: AnalysisKind, permit: &Permit) -> Result<Analysis, Error> {
        self.recorded_or(ANALYSIS, music, kind.name(), permit, || match kind {
            AnalysisKind::Quick => Ok(self.probes(music, permit)?.analysis.clone()),
            AnalysisKind::Full => Ok(log_downmix(music, analysis::full(music, permit)?)),
        })
    }

    /// The recorded analysis of a track.
    pub fn recorded_analysis(&self, music: &MusicFile, kind: AnalysisKind) -> Option<Analysis> {
        self.recorded(ANALYSIS, music, kind.name())
    }

    /// The waveform of a track.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn waveform(&self, music: &MusicFile, permit: &Permit) -> Result<Waveform, Error> {
        self.recorded_or(WAVEFORM, music, "", permit, || {
            let (mut input, shape) = music.input()?;
            let mut waveform = Waveform::new(shape.frames.0);
            let (mut frames, mut first) = (Vec::new(), 0);
            while permit.may_continue() {
                frames.clear();
                let more = input.read(&mut frames).map_err(|fault| Error::Failed(fault.to_string().into()))?;
                waveform.add(first, frames.as_flattened());
                first += frames.len() as u64;
                if !more {
                    return Ok(waveform.rounded());
                }
            }
            Err(Error::Cancelled)
        })
    }

    /// The recorded waveform of a track.
    pub fn recorded_waveform(&self, music: &MusicFile) -> Option<Waveform> {
        self.recorded(WAVEFORM, music, "")
    }

    /// The probes of a track.
    fn probes(&self, music: &MusicFile, permit: &Permit) -> Result<Arc<ProbedTrack>, Error> {
        let lock = || self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        let find = || lock().iter().find(|kept| kept.0 == music.local_id()).map(|kept| kept.1.clone());
        if let Some(probes) = find() {
            return Ok(probes);
        }
        self.running.get(&format!("probes {}", music.local_id()), permit, || {
            // Another thread may have read the probes after the look-up above.
            if let Some(probes) = find() {
                return Ok(probes);
            }
            let probes = Arc::new(ProbedTrack::read(music, permit)?);
            log_downmix(music, &probes.analysis);
            music.check()?;
            let mut kept = lock();
            kept.push((music.local_id(), probes.clone()));
            while kept.len() > 1 && kept.iter().map(|kept| kept.1.probes.bytes()).sum::<usize>() > PROBES_BYTES {
                kept.remove(0);
            }
            Ok(probes)
        })
    }

    /// Returns the recorded value of this kind for a track. If there is none, returns the result of `measure` and records it. A track may
    /// have several records of one kind, which differ in `text`. Nothing is recorded for a file that is not hashed.
    fn recorded_or<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static>(
        &self,
        kind: &'static str,
        music: &MusicFile,
        text: &str,
        permit: &Permit,
        measure: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(value) = self.recorded(kind, music, text) {
            return Ok(value);
        }
        self.running.get(&format!("{kind} {} {text}", music.local_id()), permit, || {
            // Another thread may have recorded the value after the look-up above.
            if let Some(value) = self.recorded(kind, music, text) {
                return Ok(value);
            }
            let value = measure()?;
            music.check()?;
            if let (Some(records), Some(key)) = (&self.records, key(music, text))
                && let Ok(json) = serde_json::to_vec(&value)
                && let Err(error) = records.put(kind, &key, &json)
            {
                // Without the record, the next work that needs the value measures the track again.
                tracing::warn!("{error}");
            }
            Ok(value)
        })
    }

    fn recorded<T: DeserializeOwned>(&self, kind: &'static str, music: &MusicFile, text: &str) -> Option<T> {
        serde_json::from_slice(&self.records.as_ref()?.get(kind, &key(music, text)?)?).ok()
    }
}

/// The key of a record; none while the file is not hashed.
fn key(music: &MusicFile, text: &str) -> Option<StoreKey> {
    let name = format!("{} {} {text}", music.hash()?, analysis::VERSION);
    Some(StoreKey(blake3::hash(name.as_bytes()).into()))
}

/// Logs the gain of the mix to stereo, if the track was mixed to stereo. Returns the analysis.
fn log_downmix<A: Borrow<Analysis>>(music: &MusicFile, analysis: A) -> A {
    if let Some(gain_db) = analysis.borrow().downmix_gain_db {
        tracing::info!(file = %music.path().display(), "{}", crowd_media::downmix_note(gain_db));
    }
    analysis
}
