//! What is known of tracks: measured once, then frozen.

use std::borrow::Borrow;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use crowd_engine::feed::Input;
use crowd_library::{ContentHash, Music};
use crowd_store::{Key, Records, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::analysis::{self, Analysis, Kind, Probed};
use crate::error::Error;
use crate::master::{self, Settled};
use crate::overview::Overview;

/// What the probes of the latest tracks may take, so that another preset is settled without decoding anything: two tracks at
/// 44.1 kHz. Those of one are kept whatever they take.
const PROBES_BYTES: usize = 24 << 20;

/// The kinds of records.
const ANALYSIS: &str = "analysis";
const SETTLED: &str = "settled";
const WAVEFORM: &str = "waveform";

type Known = (ContentHash, Arc<Probed>);

/// Measures tracks, and remembers what came of it.
#[derive(Default)]
pub struct Measurements {
    probes: Mutex<Vec<Known>>,
    records: Option<Records>,
}

impl Measurements {
    /// Measurements that are kept in a folder, and found there again.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be made or read.
    pub fn kept_in(folder: &Path) -> Result<Self, StoreError> {
        let records = Records::open(folder, &[ANALYSIS, SETTLED, WAVEFORM])?;
        Ok(Self { probes: Mutex::default(), records: Some(records) })
    }

    /// What a treatment comes to.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when `stop` was set meanwhile; else what the file is about.
    pub fn settle(
        &self,
        music: &Music,
        treatment: &crate::preset::Treatment,
        kind: Kind,
        stop: &AtomicBool,
    ) -> Result<Settled, Error> {
        if treatment.intensity.is_none() {
            return Ok(Settled::original());
        }
        let text =
            format!("{kind} {} {:08x} {}", treatment.preset, treatment.intensity.get().to_bits(), master::VERSION);
        self.remembered(SETTLED, music, &text, || match kind {
            Kind::Quick => Ok(master::settle_by_probes(&*self.probes(music, stop)?, treatment, stop)?),
            Kind::Full => {
                let analysis = self.analysis(music, Kind::Full, stop)?;
                Ok(master::settle_by_all(music, &analysis, treatment, stop)?)
            }
        })
    }

    /// What a track measures like.
    ///
    /// # Errors
    /// As [`settle`](Self::settle).
    pub fn analysis(&self, music: &Music, kind: Kind, stop: &AtomicBool) -> Result<Analysis, Error> {
        self.remembered(ANALYSIS, music, kind.name(), || match kind {
            Kind::Quick => Ok(self.probes(music, stop)?.analysis.clone()),
            Kind::Full => Ok(told(music, analysis::full(music, stop)?)),
        })
    }

    /// The waveform of a track.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn overview(&self, music: &Music) -> Result<Overview, Error> {
        self.remembered(WAVEFORM, music, "", || {
            let (mut input, shape) = music.input()?;
            let mut overview = Overview::new(shape.frames.0);
            let (mut frames, mut first) = (Vec::new(), 0);
            loop {
                frames.clear();
                let more = input.read(&mut frames).map_err(|fault| Error::Failed(fault.to_string().into()))?;
                overview.add(first, frames.as_flattened());
                first += frames.len() as u64;
                if !more {
                    return Ok(overview.rounded());
                }
            }
        })
    }

    /// The probes of a track.
    fn probes(&self, music: &Music, stop: &AtomicBool) -> Result<Arc<Probed>, Error> {
        let lock = || self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        let found = lock().iter().find(|known| known.0 == music.hash()).map(|known| known.1.clone());
        if let Some(probes) = found {
            return Ok(probes);
        }
        let probes = Arc::new(Probed::read(music, stop)?);
        told(music, &probes.analysis);
        music.check()?;
        let mut known = lock();
        known.push((music.hash(), probes.clone()));
        while known.len() > 1 && known.iter().map(|known| known.1.probes.bytes()).sum::<usize>() > PROBES_BYTES {
            known.remove(0);
        }
        Ok(probes)
    }

    /// What is on record under a track's content and a text, else what is made now and put there.
    fn remembered<T: Serialize + DeserializeOwned>(
        &self,
        kind: &'static str,
        music: &Music,
        text: &str,
        make: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let name = format!("{} {} {text}", music.hash(), analysis::VERSION);
        let key = Key(blake3::hash(name.as_bytes()).into());
        let records = self.records.as_ref();
        if let Some(value) = records.and_then(|records| serde_json::from_slice(&records.get(kind, &key)?).ok()) {
            return Ok(value);
        }
        let value = make()?;
        music.check()?;
        if let Some(records) = records
            && let Ok(json) = serde_json::to_vec(&value)
            && let Err(error) = records.put(kind, &key, &json)
        {
            // It is measured again another time.
            tracing::warn!("{error}");
        }
        Ok(value)
    }
}

/// Has the log say by how much a track is lowered; gives the measurement back.
fn told<A: Borrow<Analysis>>(music: &Music, analysis: A) -> A {
    if let Some(gain_db) = analysis.borrow().downmix_gain_db {
        tracing::info!(file = %music.path().display(), "{}", crowd_media::downmix_note(gain_db));
    }
    analysis
}
