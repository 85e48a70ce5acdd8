//! What is known of tracks: measured once, then frozen. What several ask for at the same time is measured once for all of them.

mod shared;

use std::borrow::Borrow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crowd_engine::feed::Input;
use crowd_library::{LocalId, MusicFile};
use crowd_store::{Records, StoreError, StoreKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::analysis::{self, Analysis, Kind, Probed};
use crate::error::Error;
use crate::master::{self, Settled};
use crate::overview::Overview;
use crate::turns::Turn;
use shared::Shared;

/// What the probes of the latest tracks may take, so that another preset is settled without decoding anything: two tracks at
/// 44.1 kHz. Those of one are kept whatever they take.
const PROBES_BYTES: usize = 24 << 20;

/// The kinds of records.
const ANALYSIS: &str = "analysis";
const SETTLED: &str = "settled";
const WAVEFORM: &str = "waveform";

type Known = (LocalId, Arc<Probed>);

/// Measures tracks, and remembers what came of it.
#[derive(Default)]
pub struct Measurements {
    probes: Mutex<Vec<Known>>,
    making: Shared,
    records: Option<Records>,
}

impl Measurements {
    /// Measurements that are kept in a folder, and found there again.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be made or read.
    pub fn kept_in(folder: &Path) -> Result<Self, StoreError> {
        let records = Records::open(folder, &[ANALYSIS, SETTLED, WAVEFORM])?;
        Ok(Self { records: Some(records), ..Self::default() })
    }

    /// What a treatment comes to.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when it is not wanted any more; else what the file is about.
    pub fn settle(
        &self,
        music: &MusicFile,
        treatment: &crate::preset::Treatment,
        kind: Kind,
        turn: &Turn,
    ) -> Result<Settled, Error> {
        if treatment.intensity.is_none() {
            return Ok(Settled::original());
        }
        let text =
            format!("{kind} {} {:08x} {}", treatment.preset, treatment.intensity.get().to_bits(), master::VERSION);
        self.remembered(SETTLED, music, &text, turn, || match kind {
            Kind::Quick => Ok(master::settle_by_probes(&*self.probes(music, turn)?, treatment, turn)?),
            Kind::Full => {
                let analysis = self.analysis(music, Kind::Full, turn)?;
                Ok(master::settle_by_all(music, &analysis, treatment, turn)?)
            }
        })
    }

    /// What a track measures like.
    ///
    /// # Errors
    /// As [`settle`](Self::settle).
    pub fn analysis(&self, music: &MusicFile, kind: Kind, turn: &Turn) -> Result<Analysis, Error> {
        self.remembered(ANALYSIS, music, kind.name(), turn, || match kind {
            Kind::Quick => Ok(self.probes(music, turn)?.analysis.clone()),
            Kind::Full => Ok(told(music, analysis::full(music, turn)?)),
        })
    }

    /// The analysis of a track, where it is on record.
    pub fn known_analysis(&self, music: &MusicFile, kind: Kind) -> Option<Analysis> {
        self.recorded(ANALYSIS, music, kind.name())
    }

    /// The waveform of a track.
    ///
    /// # Errors
    /// As [`settle`](Self::settle).
    pub fn overview(&self, music: &MusicFile, turn: &Turn) -> Result<Overview, Error> {
        self.remembered(WAVEFORM, music, "", turn, || {
            let (mut input, shape) = music.input()?;
            let mut overview = Overview::new(shape.frames.0);
            let (mut frames, mut first) = (Vec::new(), 0);
            while turn.go_on() {
                frames.clear();
                let more = input.read(&mut frames).map_err(|fault| Error::Failed(fault.to_string().into()))?;
                overview.add(first, frames.as_flattened());
                first += frames.len() as u64;
                if !more {
                    return Ok(overview.rounded());
                }
            }
            Err(Error::Cancelled)
        })
    }

    /// The waveform of a track, where it is on record.
    pub fn known_overview(&self, music: &MusicFile) -> Option<Overview> {
        self.recorded(WAVEFORM, music, "")
    }

    /// The probes of a track.
    fn probes(&self, music: &MusicFile, turn: &Turn) -> Result<Arc<Probed>, Error> {
        let lock = || self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        let find = || lock().iter().find(|known| known.0 == music.local_id()).map(|known| known.1.clone());
        if let Some(probes) = find() {
            return Ok(probes);
        }
        self.making.get(&format!("probes {}", music.local_id()), turn, || {
            // Another may have made them just before.
            if let Some(probes) = find() {
                return Ok(probes);
            }
            let probes = Arc::new(Probed::read(music, turn)?);
            told(music, &probes.analysis);
            music.check()?;
            let mut known = lock();
            known.push((music.local_id(), probes.clone()));
            while known.len() > 1 && known.iter().map(|known| known.1.probes.bytes()).sum::<usize>() > PROBES_BYTES {
                known.remove(0);
            }
            Ok(probes)
        })
    }

    /// What is on record under a track's content and a text, else what is made now and put there. While the content is not
    /// known, nothing is on record.
    fn remembered<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static>(
        &self,
        kind: &'static str,
        music: &MusicFile,
        text: &str,
        turn: &Turn,
        make: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(value) = self.recorded(kind, music, text) {
            return Ok(value);
        }
        self.making.get(&format!("{kind} {} {text}", music.local_id()), turn, || {
            // Another may have made it just before.
            if let Some(value) = self.recorded(kind, music, text) {
                return Ok(value);
            }
            let value = make()?;
            music.check()?;
            if let (Some(records), Some(key)) = (&self.records, key(music, text))
                && let Ok(json) = serde_json::to_vec(&value)
                && let Err(error) = records.put(kind, &key, &json)
            {
                // It is measured again another time.
                tracing::warn!("{error}");
            }
            Ok(value)
        })
    }

    fn recorded<T: DeserializeOwned>(&self, kind: &'static str, music: &MusicFile, text: &str) -> Option<T> {
        serde_json::from_slice(&self.records.as_ref()?.get(kind, &key(music, text)?)?).ok()
    }
}

/// Under which something about a track is on record; none while its content is not known.
fn key(music: &MusicFile, text: &str) -> Option<StoreKey> {
    let name = format!("{} {} {text}", music.hash()?, analysis::VERSION);
    Some(StoreKey(blake3::hash(name.as_bytes()).into()))
}

/// Has the log say by how much a track is lowered; gives the measurement back.
fn told<A: Borrow<Analysis>>(music: &MusicFile, analysis: A) -> A {
    if let Some(gain_db) = analysis.borrow().downmix_gain_db {
        tracing::info!(file = %music.path().display(), "{}", crowd_media::downmix_note(gain_db));
    }
    analysis
}
